"""The SQL views, for commands that ask them; with progress where they have to be made first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.terminal.progress import progress
from scheduler.home import Home

if TYPE_CHECKING:
    from projections import Sql
    from scheduler.ledger.view import Moment


def open_views(home: Home, *, memory_limit: str | None = None, past: Moment | None = None) -> Sql:
    """Open the views of a home, as `projections.open_sql` does: use it with `with`.

    The first time after much was recorded, what is full is projected here, which can take a while.

    Args:
        home: the home.
        memory_limit: as DuckDB writes it.
        past: a moment of the past, as of which every view answers.

    Raises:
        QueryFailed: the memory limit is too low.
        Corrupt, NewerFormat, Unavailable: the ledger cannot be trusted or read.
    """
    from projections import open_sql

    with progress("preparing the ledger for SQL"):
        if past is None:
            return open_sql(home, memory_limit=memory_limit)
        return open_sql(home, memory_limit=memory_limit, as_of=past.seq, asked_at=past.time)


def check_home(home: Home) -> None:
    """Refuse a folder that is no home, as `jobs list` does. One that was just begun, with a config alone, is one.

    Raises:
        NoHome: there is neither a ledger nor a config here.
        ConfigInvalid, ConfigUnreadable: there is no ledger, and the config cannot be used.
    """
    from cli.home.open import to_read
    from scheduler.ledger.view import has_ledger

    if not has_ledger(home):
        with to_read(home, quiet=True):
            pass

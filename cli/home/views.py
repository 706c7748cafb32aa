"""The SQL views, for commands that ask them; with progress where they have to be made first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.app.ledger_wait import patience_explained
from cli.terminal.progress import progress
from scheduler.home import Home

if TYPE_CHECKING:
    from projections import Sql
    from scheduler.ledger.view import Moment


def open_views(
    home: Home,
    *,
    query: str | None = None,
    memory_limit: str | None = None,
    past: Moment | None = None,
    derive: bool = False,
) -> Sql:
    """Open the views of a home, as `projections.open_sql` does: use it with `with`.

    The first time after much was recorded, what is full is projected here, which can take a while.

    Args:
        home: the home.
        query: what will be asked first, if that is known: what it does not need is not made.
        memory_limit: as DuckDB writes it.
        past: a moment of the past, as of which every view answers.
        derive: derive everything from the entries, in a temporary folder, whatever projections there are.

    Raises:
        QueryFailed: the memory limit is too low, or the query is wrong.
        QueryRefused: the query does something else than read.
        Corrupt, NewerFormat, Unavailable: the ledger cannot be trusted or read.
        OSError: there is no room for the temporary folder.
    """
    from projections import open_sql

    label = "deriving from the entries, segments" if derive else "preparing the ledger for SQL"
    with patience_explained(home.ledger), progress(label) as seen:

        def derived(done: int, total: int) -> None:
            seen.update(done, total=total)

        return open_sql(
            home,
            query=query,
            memory_limit=memory_limit,
            as_of=None if past is None else past.seq,
            asked_at=None if past is None else past.time,
            derived=derived if derive else None,
        )


def check_home(home: Home) -> None:
    """Refuse a folder that is no home, as `jobs list` does. One that was just begun, with a config alone, is one.

    Raises:
        NoHome: there is neither a ledger nor a config here.
        ConfigInvalid, ConfigUnreadable: there is no ledger, and the config cannot be used.
    """
    from scheduler.store import has_ledger

    if not has_ledger(home):
        from cli.home.open import to_read

        with to_read(home, quiet=True):
            pass

"""This machine's mirror and its database, opened and compared, for commands."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING, NamedTuple

from cli.app.failures import Failure
from cli.terminal.progress import progress
from scheduler.home import Home
from scheduler.store import is_on_database

if TYPE_CHECKING:
    from eventstore.postgresql.database import PostgresqlDatabase
    from eventstore.replicated.comparison import Comparison
    from eventstore.replicated.mirror import Mirror


class Compared(NamedTuple):
    """Both sides, open, and what they have in common."""

    database: PostgresqlDatabase
    mirror: Mirror
    found: Comparison


@contextmanager
def compared(home: Home, *, shown: bool) -> Iterator[Compared]:
    """Both sides while the context lasts.

    Args:
        home: the home.
        shown: whether progress is shown.

    Raises:
        Failure: the home is on no database.
        OtherLedger, Corrupt, Unavailable, NoAnswer: they cannot be compared.
    """
    from eventstore.replicated.comparison import compare, require_same_ledger
    from eventstore.replicated.mirror import Mirror
    from scheduler.database.connection import open_database

    if not is_on_database(home):
        raise Failure("the ledger of this home is in no database", "It is in var/ledger.")
    with closing(open_database(home)) as database, closing(Mirror.open(home.mirror)) as mirror:
        require_same_ledger(database, mirror)
        with progress("comparing entries", mirror.head().seq + 1, shown=shown) as seen:
            found = compare(database, mirror, lambda done, total: seen.update(done, total=total))
        yield Compared(database, mirror, found)

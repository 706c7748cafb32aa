"""How a home's ledger is opened: the one place that knows in which store a home keeps its entries.

Code that needs entries gets an `EventStore` here and does not ask which one it is. What only a ledger in files has
(its folder, its reserve, what is due about once a second) is `EventStore.files`; that is None where there are none.
A home on a database has files too, those of its mirror, which are read whether the database answers or not.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from eventstore.errors import LedgerGone
from eventstore.genesis import holds_ledger
from eventstore.ledger_reader import LedgerReader
from eventstore.lock import LOCK_PATIENCE_S
from eventstore.store import EventStore
from scheduler.database.origin import database_address, is_on_database
from scheduler.home import Home
from scheduler.version import VERSION

if TYPE_CHECKING:
    from eventstore.commit import Fsync
    from eventstore.committed_reader import CommittedReader

__all__ = [
    "database_address",
    "has_ledger",
    "is_on_database",
    "look_for_entries",
    "open_committed",
    "open_folder",
    "open_store",
    "open_store_to_append",
]

_SOFTWARE = f"cronledger {VERSION}"


def has_ledger(home: Home) -> bool:
    """Whether something was recorded here already.

    Raises:
        LedgerGone: something was, and it is not there any more.
    """
    if is_on_database(home) or holds_ledger(home.ledger):
        return True
    # Nearly every home has one: how a home is known again is not asked for then.
    from scheduler.ownership.home_identity import identity_file

    witness = identity_file(home)
    if os.path.lexists(witness):
        raise LedgerGone(home.ledger, witness)
    return False


def open_store(home: Home) -> EventStore:
    """The home's ledger as it stands, to read only: nothing of it is created, repaired or written.

    On a database, the mirror is brought up to date first, unless a scheduler does that or the database does not
    answer at once; `scheduler.database.connection.look_problem` says why it is not.

    Raises:
        NoLedger: there is none yet.
        LedgerGone: there was one.
        Corrupt, NewerFormat, Unavailable: it is damaged, or cannot be read.
    """
    look_for_entries(home)
    return open_folder(home.ledger)


def look_for_entries(home: Home) -> None:
    """Bring the mirror up to date for whoever reads its files, as `open_store` does; else see that they are not gone.

    Raises:
        LedgerGone: there was a ledger on this machine.
    """
    if not is_on_database(home):
        has_ledger(home)
        return
    from scheduler.database.connection import look_briefly

    look_briefly(home)


def open_folder(folder: Path) -> EventStore:
    """A ledger in a folder of its own, such as a copy, to read only.

    Raises:
        NoLedger, Corrupt, NewerFormat, Unavailable: see `open_store`.
    """
    return LedgerReader.open(folder, patience_s=LOCK_PATIENCE_S, opening_patience_s=LOCK_PATIENCE_S)


def open_store_to_append(
    home: Home,
    actor: str,
    *,
    create: bool = True,
    clock: Callable[[], datetime] | None = None,
    fsync: Fsync = "always",
    patience_s: float | None = LOCK_PATIENCE_S,
) -> EventStore:
    """The home's ledger, to read and append; it is recovered after a crash.

    Args:
        home: the home.
        actor: who creates or recovers it, if that is done.
        create: create it if there is none; one in a database never is.
        clock: gives the time of entries; aware. None: the wall clock's, or the database's.
        fsync: when entries are made durable.
        patience_s: how long to wait for another process once it is open; None: as long as it takes.

    Raises:
        NoLedger: there is none, and it was not to be created.
        LedgerGone: there was one, and it is not there any more; no other is begun in its place.
        Moved: it was moved to a database, and this home does not know of it.
        Halted, InDoubt, OtherLedger, OriginUnusable, DriverMissing: it is in a database, and cannot be used.
        Unavailable, Corrupt, NewerFormat, Poisoned: it cannot be written, or is damaged.
    """
    if is_on_database(home):
        from eventstore.replicated.replicated_store import DOUBT_PATIENCE_S
        from scheduler.database.connection import open_replicated

        return open_replicated(
            home,
            clock,
            patience_s=min(DOUBT_PATIENCE_S, DOUBT_PATIENCE_S if patience_s is None else patience_s),
        )
    has_ledger(home)
    # Who only reads does not load what writes.
    from eventstore.journal import Journal, utc_now

    return Journal.open(
        home.own_ledger,
        software=_SOFTWARE,
        create=create,
        clock=clock or utc_now,
        fsync=fsync,
        actor=actor,
        patience_s=patience_s,
        opening_patience_s=LOCK_PATIENCE_S,
    )


def open_committed(home: Home) -> CommittedReader:
    """The committed entries of the home's ledger, for a process that must never hold its lock.

    Raises:
        NoLedger, Corrupt, NewerFormat, Unavailable: see `open_store`.
    """
    from eventstore.committed_reader import CommittedReader

    return CommittedReader(home.ledger)

"""Whether the config and a home mean the same place for its ledger; a home that is new takes the config's."""

from __future__ import annotations

import os
from contextlib import closing
from pathlib import Path
from typing import Literal

from eventstore.errors import LedgerError, OtherLedger
from eventstore.moved import moved_to_database
from scheduler.database.origin import Origin, read_origin, write_origin
from scheduler.home import Home
from scheduler.store import open_folder

Disagreement = Literal["names_none", "own_ledger", "other_ledger"]


class PlaceDisagrees(LedgerError):
    """The config names another place for the ledger than the home has.

    Attributes:
        problem: `names_none`: the home is on a database, and the config names none. `own_ledger`: the config names a
            database, and the home has a ledger of its own. `other_ledger`: the database that the config names holds
            another ledger than the home's.
        address: the database that is meant; of `other_ledger`, that of the config.
        home_address: the database that the home is on, if it is on one.
    """

    def __init__(self, problem: Disagreement, address: str, home_address: str | None = None) -> None:
        self.problem, self.address, self.home_address = problem, address, home_address
        super().__init__(f"config and home disagree about where the ledger is: {problem}, {address}")


def settle_place(home: Home, store: str | None) -> None:
    """Check that the config's `ledger: store:` is where the home's ledger is.

    A home that has no ledger yet, or whose own was moved, becomes one on the database. A home on a database under
    another address goes on under the new one if the same ledger is there.

    Args:
        home: the home.
        store: what the config says.

    Raises:
        PlaceDisagrees: the ledger is elsewhere, and a person has to say which is meant.
        OriginUnusable, DriverMissing, Unavailable: it cannot be found out, or not now.
        OSError: the mirror cannot be made.
    """
    origin = read_origin(home)
    if store is None:
        if origin is not None:
            raise PlaceDisagrees("names_none", origin.address)
        return
    if origin is not None and origin.address == store:
        return
    if origin is None and has_own_ledger(home) and not moved_away(home.own_ledger):
        raise PlaceDisagrees("own_ledger", store)
    # Only a home that is, or becomes, one on a database pays for this.
    from scheduler.database.connection import connect

    with closing(connect(store)) as database:
        ledger_id = database.ledger_id
    if origin is None:
        os.makedirs(home.var, mode=0o700, exist_ok=True)
        begin_mirror(home, Origin(address=store, ledger=ledger_id))
        return
    if ledger_id != origin.ledger:
        raise PlaceDisagrees("other_ledger", store, origin.address)
    write_origin(home.mirror, Origin(address=store, ledger=ledger_id))


def has_own_ledger(home: Home) -> bool:
    """Whether something was recorded in the home itself."""
    return any(home.own_ledger.glob("*.jsonl")) or (home.own_ledger / "HEAD").exists()


def moved_away(folder: Path) -> str | None:
    """The address of the database to which the ledger in a folder was moved; None if it lives here.

    Raises:
        LedgerError: it cannot be read.
    """
    with closing(open_folder(folder)) as store:
        last = next(store.read_backwards(), None)
        return None if last is None else moved_to_database(last)


def begin_mirror(home: Home, origin: Origin) -> None:
    """Make an empty mirror that says of what it is; it appears at once, so that no home is half on a database.

    Raises:
        OtherLedger, OSError: it cannot be made.
    """
    from eventstore.replicated.mirror import Mirror

    beside = home.var / f".mirror-{os.getpid()}"
    Mirror.open(beside).close()
    write_origin(beside, origin)
    try:
        os.rename(beside, home.mirror)
    except OSError:
        # Another process of the home was faster.
        found = read_origin(home)
        if found is None:
            raise
        if found.ledger != origin.ledger:
            raise OtherLedger(home.mirror, found.ledger, origin.ledger) from None

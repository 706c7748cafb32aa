"""The way from a home to its database: the only place that loads the driver, and only where it is needed."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from eventstore.errors import LedgerError
from eventstore.replicated.replicated_store import DOUBT_PATIENCE_S, ReplicatedStore
from scheduler.database.origin import read_origin
from scheduler.home import Home
from scheduler.ownership.home_owner import is_foreign
from scheduler.scheduler_lock import holder_of

if TYPE_CHECKING:
    from eventstore.postgresql.creation import DatabaseOwner
    from eventstore.postgresql.database import PostgresqlDatabase

CALL_S = 5.0
"""So long one call of a command may take."""
LOOK_S = 1.0
"""So long whoever only reads waits for the database; then what the mirror has is the answer."""
_LOOKS_AGAIN_S = 5.0
_looked: dict[Home, tuple[float, LedgerError | None]] = {}
_untold: dict[Home, LedgerError] = {}


class DriverMissing(LedgerError):
    """What connects to PostgreSQL is not installed; `why` says what could not be loaded."""

    def __init__(self, why: str) -> None:
        self.why = why
        super().__init__(f"the driver of PostgreSQL cannot be loaded: {why}")


class ClockOfDatabase:
    """The database's clock, read once and carried on by the monotonic one: the time of a command's entries."""

    def __init__(self, database: PostgresqlDatabase) -> None:
        self._now, self._at_s = database.pulse().now, time.monotonic()

    def __call__(self) -> datetime:
        """What it shows now; aware, UTC."""
        return self._now + timedelta(seconds=time.monotonic() - self._at_s)


def connect(address: str, ledger_id: str | None = None, *, call_s: float = CALL_S) -> PostgresqlDatabase:
    """A way to a database; nothing is asked yet.

    Args:
        address: its URL.
        ledger_id: the ledger that it has to hold; None: whichever it holds.
        call_s: how long one call may take.

    Raises:
        BadAddress: the address is none.
        DriverMissing: the driver is not installed.
    """
    from eventstore.postgresql.address import parse_address

    parsed = parse_address(address)
    try:
        from eventstore.postgresql.database import PostgresqlDatabase
    except ImportError as problem:
        raise DriverMissing(str(problem)) from None
    return PostgresqlDatabase(parsed, ledger_id, call_s)


def connect_as_owner(address: str, owner: str) -> DatabaseOwner:
    """The same for the role that owns the tables, or is to own them.

    Args:
        address: the URL that the nodes have; owner: the role.

    Raises:
        BadAddress, DriverMissing: see `connect`.
    """
    from eventstore.postgresql.address import parse_address

    parsed = parse_address(address)
    try:
        from eventstore.postgresql.creation import DatabaseOwner
    except ImportError as problem:
        raise DriverMissing(str(problem)) from None
    return DatabaseOwner(parsed.as_user(owner))


def open_database(home: Home, *, call_s: float = CALL_S) -> PostgresqlDatabase:
    """The database that a home's ledger is in; nothing is asked yet, and another ledger there is refused then.

    Raises:
        OriginUnusable, DriverMissing: nobody can say which one it is, or reach it.
    """
    origin = read_origin(home)
    assert origin is not None, "the home is on a database"
    return connect(origin.address, origin.ledger, call_s=call_s)


def open_replicated(
    home: Home,
    clock: Callable[[], datetime] | None = None,
    *,
    patience_s: float = DOUBT_PATIENCE_S,
    call_s: float = CALL_S,
) -> ReplicatedStore:
    """The home's ledger in its database, with the mirror brought up to date.

    Args:
        home: the home.
        clock: gives the time of entries; None: the database's.
        patience_s: how long an append may stay in doubt.
        call_s: how long one call may take.

    Raises:
        OriginUnusable, DriverMissing, OtherLedger, Halted, Unavailable, NoAnswer, Poisoned: it cannot be used.
    """
    database = open_database(home, call_s=call_s)
    try:
        # The clock is the first thing that is asked for, so a database that is away is noticed before all else.
        chosen = ClockOfDatabase(database) if clock is None else clock
        return ReplicatedStore.open(database, home.mirror, chosen, patience_s=patience_s)
    except BaseException:
        database.close()
        raise


def look_briefly(home: Home) -> None:
    """Bring the mirror up to date for whoever reads, unless a scheduler here does; what keeps it from that is kept.

    A process that reads in several places looks once.
    """
    looked_s, _ = _looked.get(home, (None, None))
    if looked_s is not None and time.monotonic() - looked_s < _LOOKS_AGAIN_S:
        return
    problem: LedgerError | None = None
    # Who only reads somebody else's home leaves nothing in it.
    if holder_of(home.scheduler_lock) is None and not is_foreign(home):
        try:
            open_replicated(home, _no_clock, patience_s=0.0, call_s=LOOK_S).close()
        except LedgerError as found:
            problem = _untold[home] = found
    _looked[home] = (time.monotonic(), problem)


def look_problem(home: Home) -> LedgerError | None:
    """Why the last look of this process did not bring the mirror up to date; None if it did, or none was needed."""
    return _looked.get(home, (0.0, None))[1]


def untold_looks() -> dict[Home, LedgerError]:
    """The homes whose mirror was read as it was, and why; each is given once, so that it is told once."""
    found = dict(_untold)
    _untold.clear()
    return found


def forget_looks() -> None:
    """Have the next reader look again, however short ago this process did: of a long one, or of a test."""
    _looked.clear()
    _untold.clear()


def _no_clock() -> datetime:
    raise AssertionError("whoever only looks records nothing")

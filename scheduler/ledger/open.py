"""Opening a home: its ledger with the state folded, brought in line with its config where that is wanted."""

from __future__ import annotations

from datetime import UTC, datetime

from eventstore import Journal
from eventstore.store import Entry
from scheduler.clock import Clock
from scheduler.configuration import Config
from scheduler.definition import Fsync
from scheduler.home import Home
from scheduler.home_owner import is_foreign
from scheduler.ledger import snapshot
from scheduler.ledger.ledger import Ledger
from scheduler.rules.reconcile import reconcile
from scheduler.system_clock import SystemClock
from scheduler.version import VERSION

_SOFTWARE = f"cronledger {VERSION}"


def open_ledger(
    home: Home,
    actor: str,
    *,
    clock: Clock | None = None,
    fsync: Fsync = "always",
    patience_s: float | None = None,
) -> Ledger:
    """The home's ledger, to read and append; it is created if there is none, and recovered after a crash.

    Args:
        home: the home.
        actor: who does that, if it is done.
        clock: where the time of entries comes from.
        fsync: when they are flushed to disk.
        patience_s: how long to wait for another process once it is open; None: as long as it takes.

    Raises:
        Unavailable, Corrupt, NewerFormat: it cannot be written or trusted.
    """
    reading = (clock or SystemClock()).read
    store = Journal.open(
        home.ledger,
        software=_SOFTWARE,
        clock=lambda: reading().wall,
        fsync=fsync,
        actor=actor,
        patience_s=patience_s,
    )
    return _folded(home, store, keep=True)


def open_ledger_to_read(home: Home) -> Ledger:
    """The home's ledger as it stands; nothing of it is created, repaired or written.

    A snapshot of what was folded may be kept, where there are snapshots already and they can be written.

    Raises:
        NoLedger: there is none yet.
        Corrupt, NewerFormat: it cannot be trusted.
    """
    store = Journal.open(home.ledger, software=_SOFTWARE, read_only=True, create=False)
    return _folded(home, store, keep=home.snapshots.is_dir() and not is_foreign(home))


def _folded(home: Home, store: Journal, *, keep: bool) -> Ledger:
    ledger = Ledger(store, snapshot.newest(home.snapshots, store))
    start = ledger.state.head.seq
    ledger.refresh()
    if keep and ledger.state.head.seq - start >= snapshot.EVERY_ENTRIES:
        snapshot.write(home.snapshots, ledger.state)
    return ledger


def bring_in_line(ledger: Ledger, config: Config) -> list[Entry]:
    """Record what the config says and the ledger does not know yet.

    Raises:
        Unavailable, Poisoned, Corrupt: see `EventStore.append`.
    """
    definitions = {name: job.definition for name, job in config.jobs.items()}
    return ledger.decide(lambda state: reconcile(state, definitions, config.digest, datetime.now(UTC)))

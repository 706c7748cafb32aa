"""Opening a home: its ledger with the state folded, brought in line with its config where that is wanted."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from eventstore.errors import Archived
from eventstore.lock import LOCK_PATIENCE_S
from eventstore.store import Entry, Event, EventStore
from scheduler.definition import Fsync
from scheduler.home import Home
from scheduler.ledger import snapshot
from scheduler.ledger.ledger import Ledger
from scheduler.rules.pauses import pauses_ended
from scheduler.rules.state import State
from scheduler.store import is_on_database, open_folder, open_store, open_store_to_append

if TYPE_CHECKING:
    from scheduler.clock import Clock
    from scheduler.configuration.model import Config
    from scheduler.ledger.past import OnProgress


def open_ledger(
    home: Home,
    actor: str,
    *,
    clock: Clock | None = None,
    fsync: Fsync = "always",
    patience_s: float | None = LOCK_PATIENCE_S,
) -> Ledger:
    """The home's ledger, to read and append; it is created if there is none, and recovered after a crash.

    Args:
        home: the home.
        actor: who does that, if it is done.
        clock: where the time of entries comes from; None: the system's, or the database's that the ledger is in.
        fsync: when they are flushed to disk.
        patience_s: how long to wait for another process once it is open; None: as long as it takes.

    Raises:
        Unavailable, Corrupt, NewerFormat: it cannot be written, or is damaged.
    """
    if clock is None and not is_on_database(home):
        from scheduler.system_clock import SystemClock

        clock = SystemClock()
    wall = None if clock is None else partial(_wall, clock)
    store = open_store_to_append(home, actor, clock=wall, fsync=fsync, patience_s=patience_s)
    # On a database only the leader records snapshots.
    return _folded(home, store, None if is_on_database(home) else actor)


def open_ledger_to_read(home: Home, on_progress: OnProgress | None = None) -> Ledger:
    """The home's ledger as it stands; nothing of it is created, repaired or written.

    Args:
        home: the home.
        on_progress: called now and then with how many entries were folded and how many there are to fold: all of
            them, where no snapshot is valid.

    Raises:
        NoLedger: there is none yet.
        Corrupt, NewerFormat: it is damaged.
    """
    return _folded(home, open_store(home), None, on_progress)


def open_files_to_read(home: Home) -> Ledger:
    """The same of the entries that the home has as files: a database that they are of is not asked for newer ones.

    Raises:
        NoLedger, Corrupt, NewerFormat: see `open_ledger_to_read`.
    """
    return _folded(home, open_folder(home.ledger), None)


def _wall(clock: Clock) -> datetime:
    return clock.read().wall


def _folded(
    home: Home, store: EventStore, actor: str | None, on_progress: OnProgress | None = None
) -> Ledger:
    """The ledger with its state; `actor` records a snapshot of it if there is much to fold, None records nothing."""
    ledger = Ledger(store, snapshot.newest(home.snapshots, store))
    ledger.kept_seq = ledger.state.head.seq
    try:
        ledger.refresh(on_progress)
    except Archived:
        # Without a snapshot that is newer than what is archived: the state at the end of a segment serves as well.
        kept = snapshot.newest(home.segment_states, store)
        if kept.head.seq <= ledger.state.head.seq:
            raise
        ledger = Ledger(store, kept)
        ledger.kept_seq = kept.head.seq
        ledger.refresh(on_progress)
    if actor is not None and ledger.state.head.seq - ledger.kept_seq >= snapshot.EVERY_ENTRIES:
        snapshot.write(home.snapshots, ledger, actor)
    return ledger


def bring_in_line(ledger: Ledger, config: Config | None) -> list[Entry]:
    """Record what the config says and the ledger does not know yet; without a config, the pauses that have ended.

    Raises:
        Unavailable, Poisoned, Corrupt: see `EventStore.append`.
    """
    return ledger.decide(lambda state: config_changes(state, config, datetime.now(UTC)))


def config_changes(state: State, config: Config | None, now: datetime) -> list[Event]:
    """What is to be recorded so that the state agrees with a config; without one, the pauses that have ended."""
    if config is None:
        return pauses_ended(state, now)
    from scheduler.rules.reconcile import reconcile

    definitions = {name: job.definition for name, job in config.jobs.items()}
    return reconcile(state, definitions, config.digest, now, config.calendars, config.owner)

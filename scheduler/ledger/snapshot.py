"""Snapshots of the folded state, so that opening a home costs the same whatever its history.

A snapshot is disposable, and used only if an entry of the ledger records it: see `scheduler.ledger.state_file`.
"""

from __future__ import annotations

import contextlib
from pathlib import Path

from eventstore.errors import Unavailable
from eventstore.store import EventStore
from scheduler import vocabulary as v
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.state_file import Draft, draft, state_files
from scheduler.rules.state import State

EVERY_ENTRIES = 4_096
"""Write one after about this many entries: folding those takes under 50 ms."""
KEPT = 2
"""Older ones are deleted; the second is there in case the first is damaged."""


def write(folder: Path, ledger: Ledger, actor: str) -> None:
    """Store the ledger's state and record it.

    A folder that cannot be written, or a ledger, is no reason to stop: snapshots only save time.

    Raises:
        Poisoned, Corrupt: see `EventStore.append`.
    """
    with contextlib.suppress(OSError, Unavailable):
        made = draft(folder, ledger.state)
        try:
            recorded = ledger.decide(lambda _: [v.event(made.payload, actor)])
        except BaseException:
            made.discard()
            raise
        publish(made, recorded[0].seq)
        ledger.kept_seq = made.payload.entry


def publish(made: Draft, recorded_seq: int) -> None:
    """Give a snapshot its name, now that entry `recorded_seq` records it; remove those that it replaces.

    Raises:
        OSError: it cannot be renamed.
    """
    written = made.publish(recorded_seq)
    # Those ahead of it are of a ledger that was there before this one was restored; those without the number of an
    # entry are of versions that recorded none.
    files = state_files(written.path.parent)
    of_now = [file for file in files if file.recorded_seq >= 0 and file.path.name <= written.path.name]
    for file in files:
        if file not in of_now[:KEPT]:
            file.path.unlink(missing_ok=True)


def newest(folder: Path, store: EventStore) -> State:
    """The newest valid state; the empty state if there is none."""
    for file in state_files(folder):
        state = file.state(store)
        if state is not None:
            return state
    return State()

"""What became of the times of a job, for commands that record more of it; with progress while the past is read."""

from __future__ import annotations

from datetime import datetime

from cli.terminal.progress import progress
from eventstore.store import EventStore
from scheduler.home import Home
from scheduler.ledger.disposals import Disposals
from scheduler.ledger.past import Past


def disposals_since(home: Home, store: EventStore, name: str, since: datetime) -> Disposals:
    """What became of the times of a job from a moment on, read to the last entry.

    Raises:
        Corrupt: the ledger cannot be trusted.
    """
    with progress("reading the past") as seen:
        past = Past.of(home, store, lambda done, total: seen.update(done, total=total))
        disposals = Disposals(past, store, name, since)
        disposals.read_to(store.head().seq)
    return disposals

"""The state from which a report reads on, so that it need not fold all that was before its range."""

from __future__ import annotations

from datetime import datetime

from eventstore.store import EventStore
from scheduler.home import Home
from scheduler.ledger.past import Past
from scheduler.rules.state import State


def state_before(home: Home, store: EventStore, begin: datetime) -> State:
    """A state from before the range: the latest that is kept, and that no clock had carried into the range.

    Raises:
        Corrupt: an entry on the way does not stand where the chain says.
    """
    past = Past.of(home, store)
    for end in reversed(past.segment_ends):
        if past.entry(end).time < begin and past.is_kept(end):
            state = past.state_at(end)
            if all(job.cursor < begin for job in state.jobs.values()):
                return state
    return State()

"""The state as it would be if some events were recorded; nothing is recorded."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import msgspec

from eventstore.store import Entry, Event
from scheduler.rules.evolve import evolve
from scheduler.rules.state import State


def preview(state: State, events: Sequence[Event], now: datetime, *, apart: bool = False) -> State:
    """Fold events as if they had been appended at `now`. The state is good for showing, not for deciding.

    Args:
        state: it is altered, unless that is to happen `apart`, in a copy.
        events: what is not recorded.
        now: when they would have been.
        apart: leave the state as it is.
    """
    if apart and events:
        import copy

        state = copy.deepcopy(state)
    for event in events:
        entry = Entry(
            seq=state.head.seq + 1,
            time=now,
            type=event.type,
            actor=event.actor,
            data=msgspec.Raw(msgspec.json.encode(event.data)),
            durable=0,
            prev=state.head.hash,
            hash=state.head.hash,
            job=event.job,
            run=event.run,
        )
        evolve(state, entry)
    return state

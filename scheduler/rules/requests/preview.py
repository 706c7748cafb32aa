"""The state as it would be if some events were recorded; nothing is recorded."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from eventstore.store import Entry, Event
from scheduler.rules.evolve import evolve
from scheduler.rules.state import State


def preview(state: State, events: Iterable[Event], now: datetime) -> State:
    """Fold events as if they had been appended at `now`. The state is good for showing, not for deciding."""
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

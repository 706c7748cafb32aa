"""Instants that an entry left open or opened again: which, and when they were settled."""

from __future__ import annotations

from datetime import datetime

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.explanation.facts import Reopening
from scheduler.explanation.repeated_instants import is_due
from scheduler.ledger.past import Past
from scheduler.rules.instants_state import ClosedInterval
from scheduler.rules.state import State


def settled_later(past: Past, name: str, instant: datetime, after: int) -> Entry | None:
    """The entry that settled an instant of the job `name` which entry `after` left open; None if none has yet."""

    def settled(state: State) -> bool:
        spans = state.jobs[name].unsettled
        return not any(span.has(instant) for span in spans)

    return past.first_where(settled, after=after)


def kept_pause(past: Past, name: str, entry: Entry, instant: datetime) -> ClosedInterval | None:
    """The pause that an entry ended in order to catch up on it, if it has this instant; else None."""
    data = v.payload(entry)
    if not isinstance(data, v.JobEnabled) or not data.catch_up:
        return None
    for span in past.state_at(entry.seq).jobs[name].unsettled:
        if span.reason == "paused" and span.has(instant) and is_due(span.definition, instant):
            return span
    return None


def reopening(past: Past, present: State, name: str, instant: datetime) -> Entry | None:
    """The last entry by which a person opened an instant again before it came; None if there is none."""
    seq = present.reopened.get(name)
    while seq is not None:
        entry = past.entry(seq)
        data: v.ScheduleReopened = v.payload(entry)
        if entry.time < instant <= data.until and (data.before is None or instant < data.before):
            return entry
        seq = data.previous
    return None


def reopening_fact(entry: Entry) -> Reopening:
    """The fact that it records."""
    data: v.ScheduleReopened = v.payload(entry)
    return Reopening(entries=[entry.seq], actor=entry.actor, time=entry.time, reason=data.reason)

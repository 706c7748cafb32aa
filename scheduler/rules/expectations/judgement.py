"""Which entries tell that what is expected of jobs does not hold, or holds again. Pure rules."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.rules.expectations.due_moments import Subject
from scheduler.rules.expectations.expected import Breach
from scheduler.rules.expectations.moments import breach_of
from scheduler.rules.state import State

TOLD_MAX = 250
"""At most so many breaches, and so many ends of them, are told in one append."""


def judged(state: State, subjects: Sequence[Subject], now: datetime) -> list[Event]:
    """What is to be recorded: first of the breaches that have ended, then of those that begin.

    Args:
        state: as it stands.
        subjects: what may be breached at `now`.
        now: the moment.
    """
    known = state.expectations
    if known is None:
        return []
    events: list[Event] = []
    for breach in known.ended[:TOLD_MAX]:
        seq = breach.seq
        if seq is None:
            seq = state.head.seq + 1 + len(events)
            events.append(_breached(breach))
        events.append(_met(breach, seq))
    for subject in subjects:
        begun = breach_of(state, *subject)
        if begun is not None and begun.since <= now and begun.key not in known.open:
            events.append(_breached(begun))
    return events


def _breached(breach: Breach) -> Event:
    payload = v.ExpectationBreached(
        expectation=breach.expectation,
        limit_ms=breach.limit_ms,
        since=breach.since,
        scheduled_for=breach.scheduled_for,
    )
    return v.event(payload, v.SCHEDULER, job=breach.job, run=breach.run)


def _met(breach: Breach, seq: int) -> Event:
    assert breach.by is not None, "it has ended"
    assert breach.until is not None, "it has ended"
    assert breach.because_of is not None, "it has ended"
    payload = v.ExpectationMet(
        expectation=breach.expectation,
        breach=seq,
        since=breach.since,
        until=breach.until,
        by=breach.by,
        because_of=breach.because_of,
    )
    return v.event(payload, v.SCHEDULER, job=breach.job, run=breach.run)

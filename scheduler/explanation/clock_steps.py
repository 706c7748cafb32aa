"""Clocks that were set: the steps that a scheduler saw, and those that show only in the times of the entries."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.explanation.facts import ClockStep
from scheduler.explanation.runs import NEAR_ENTRIES
from scheduler.ledger.past import Past
from scheduler.rules.state import State

_SAMPLE_ENTRIES = 65_536
"""Of so many entries one is looked at, far from the entry that settled an instant: a few hundred at the most."""


def clock_step(entry: Entry) -> ClockStep:
    """The fact of a clock that was set, or of a machine that slept."""
    data: v.ClockStepped = v.payload(entry)
    return ClockStep(
        entries=[entry.seq], cause=data.kind, by_ms=data.by_ms, before=data.before, after=data.after
    )


def set_backs_over(past: Past, instant: datetime, settled_seq: int) -> list[ClockStep]:
    """The steps, after the entry that settled an instant, that made clocks show it again.

    One that happened while a scheduler ran is on record. One that happened while none did shows when the next one
    starts, at a time before that of an earlier entry. Both are looked for among the entries near the one that settled
    the instant, and wherever one of the samples that are taken after those is of a time before the instant.
    """
    found: dict[int, ClockStep] = {}
    for first, last in _stretches(past, instant, settled_seq):
        latest = past.entry(first)
        for entry in past.entries(first + 1, last):
            step = _step(latest, entry)
            if step is not None:
                if step.after <= instant <= step.before:
                    found[entry.seq] = step
                latest = entry
            elif entry.time > latest.time:
                latest = entry
    return [found[seq] for seq in sorted(found)]


def state_at_repetition(past: Past, instant: datetime, step: ClockStep) -> State | None:
    """The state in which a clock that had been set back came to an instant again; None if that is not known."""
    begin = step.entries[-1]
    for entry in past.entries(begin + 1, begin + NEAR_ENTRIES):
        if entry.time > instant:
            return past.state_at(entry.seq - 1)
    return past.state_at(past.head_seq) if past.head_seq < begin + NEAR_ENTRIES else None


def _step(latest: Entry, entry: Entry) -> ClockStep | None:
    """The set-back that an entry tells of, `latest` being the entry before it that has the latest time."""
    if entry.type == v.ClockStepped.TYPE:
        step = clock_step(entry)
        return step if step.by_ms < 0 else None
    if entry.type != v.SchedulerStarted.TYPE or entry.time >= latest.time:
        return None
    by_ms = (entry.time - latest.time) // timedelta(milliseconds=1)
    return ClockStep(
        entries=[latest.seq, entry.seq], cause="unwatched", by_ms=by_ms, before=latest.time, after=entry.time
    )


def _stretches(past: Past, instant: datetime, settled_seq: int) -> Iterator[tuple[int, int]]:
    """Where to look: first and last entry of each stretch."""
    near = settled_seq + NEAR_ENTRIES
    yield settled_seq, near
    for seq in range(near, past.head_seq + 1, _SAMPLE_ENTRIES):
        if past.entry(seq).time <= instant:
            yield max(settled_seq, seq - _SAMPLE_ENTRIES), seq

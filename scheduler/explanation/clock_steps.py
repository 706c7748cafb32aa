"""Clocks that were set: steps that a scheduler recorded, and steps that only the times of the entries show."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.explanation.facts import ClockStep
from scheduler.ledger.past import NEAR_ENTRIES, Past
from scheduler.rules.state import State

_SAMPLE_ENTRIES = 65_536
"""Far from the entry that settled an instant, one of this many entries is looked at: a few hundred in all."""


def clock_step(entry: Entry) -> ClockStep:
    """The fact of a clock that was set, or of a machine that slept."""
    data: v.ClockStepped = v.payload(entry)
    return ClockStep(
        entries=[entry.seq], cause=data.kind, by_ms=data.by_ms, before=data.before, after=data.after
    )


def set_backs_over(past: Past, instant: datetime, settled_seq: int) -> list[ClockStep]:
    """The steps after the entry that settled an instant that made clocks show the instant again.

    A step while a scheduler ran is on record. A step while none ran shows when the next scheduler starts, at a time
    before that of an earlier entry. Both kinds are looked for among the entries near the one that settled the
    instant. Of the later entries, samples are taken; where the time of a sample is before the instant, the entries
    before the sample are searched too.
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
    """The state at the moment when a clock that had been set back reached an instant again; None if not known."""
    begin = step.entries[-1]
    for entry in past.entries(begin + 1, begin + NEAR_ENTRIES):
        if entry.time > instant:
            return past.state_at(entry.seq - 1)
    return past.state_at(past.head_seq) if past.head_seq < begin + NEAR_ENTRIES else None


def _step(latest: Entry, entry: Entry) -> ClockStep | None:
    """The step back that an entry shows, if any; `latest` is the entry before it that has the latest time."""
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
    """Which entries are searched: the first and the last of each sequence."""
    near = settled_seq + NEAR_ENTRIES
    yield settled_seq, near
    for seq in range(near, past.head_seq + 1, _SAMPLE_ENTRIES):
        if past.entry(seq).time <= instant:
            yield max(settled_seq, seq - _SAMPLE_ENTRIES), seq

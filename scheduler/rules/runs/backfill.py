"""Backfill: which instants that a person asked for get their tick next. Pure rules.

A backfill is one entry, and what is left of it is part of the state: after a crash it goes on where it was. Its
instants get their ticks one at a time, the oldest first, each when the run of the one before has ended. So each run
of it counts its time from its own tick, and what is cancelled is not owed yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import islice

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.entry_members import BackfillPart
from scheduler.rules.catch_up import ticked
from scheduler.rules.instants_state import RESOLUTION, Backfill
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.runs.round import is_over
from scheduler.rules.state import State

_ROUND_MAX = 1_000
"""At most so many jobs get the next tick of their backfill in one append."""


class BackfillTurns:
    """The backfills whose next instant can get its tick: an index over the state that each entry updates."""

    def __init__(self) -> None:
        self._ready: dict[str, None] = {}

    def __bool__(self) -> bool:
        return bool(self._ready)

    def take_in(self, state: State) -> None:
        """All backfills of a state."""
        for name in state.backfills:
            self._judge(state, name)

    def notice(self, state: State, entry: Entry) -> None:
        """Note that an entry was folded."""
        if entry.job is not None and entry.job in state.backfills:
            self._judge(state, entry.job)

    def _judge(self, state: State, name: str) -> None:
        backfill = state.backfills[name]
        if backfill.left > 0 and backfill.run not in state.runs:
            self._ready[name] = None
        else:
            self._ready.pop(name, None)

    def ticks(self, state: State, settled: Iterable[Event], now: datetime) -> list[Event]:
        """The tick of the next instant of each backfill that has no run in flight.

        Args:
            state: the present state; now: the moment.
            settled: the results that are about to be recorded.
        """
        ended = (state.runs[event.run or 0] for event in settled if is_over(event))
        freed = {
            run.job: None
            for run in ended
            if run.trigger == "backfill" and state.backfills[run.job].run == run.number
        }
        names = islice({**self._ready, **freed}, _ROUND_MAX)
        found = (state.backfills[name] for name in names)
        return [next_tick(backfill, now) for backfill in found if backfill.left > 0]


def next_tick(backfill: Backfill, now: datetime) -> Event:
    """The tick of the next instant of a backfill; or its end, if its schedule has no such instants after all."""
    definition = backfill.definition
    assert definition is not None, "of one of which something is left"
    schedule = schedule_of(definition)
    for part in backfill.parts:
        before = part.first - RESOLUTION
        instant = schedule.next_after(before if backfill.until is None else max(before, backfill.until))
        if instant is not None and instant <= part.last:
            replaces = _replaced(part, schedule.count_between(before, instant) - 1)
            return ticked(definition, instant, now, "backfill", because_of=backfill.seq, replaces=replaces)
    ended = v.BackfillEnded(request=backfill.seq, left=backfill.left, reason="there are no such instants")
    return v.event(ended, v.SCHEDULER, job=definition.name)


def _replaced(part: BackfillPart, number: int) -> int | None:
    """Which entry had disposed of the instant of a part that has this number in it, from 0."""
    if len(part.replaces) <= 1:
        return part.replaces[0] if part.replaces else None
    return part.replaces[number] if number < len(part.replaces) else None

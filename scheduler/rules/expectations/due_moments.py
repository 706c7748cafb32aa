"""The moments from which something that is expected will not hold, in O(log n): an index over the state.

It can be made anew at any time. The state alone says what is breached.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.entry_members import Expectation
from scheduler.rules.expectations.expected import key_of
from scheduler.rules.expectations.moments import breached_from
from scheduler.rules.state import State

_SPARE = 64


class Subject(NamedTuple):
    """What is expected, of which job, and of which run where it is about one."""

    expectation: Expectation
    job: str
    run: int | None = None


class DueMoments:
    """When what is expected of jobs will not hold any more, unless something happens before."""

    def __init__(self) -> None:
        self._heap: list[tuple[datetime, int, Subject]] = []
        self._at: dict[Subject, datetime] = {}
        self._pushed = 0

    @classmethod
    def of(cls, state: State) -> DueMoments:
        """Those of all jobs and of their runs in flight."""
        moments = cls()
        for name in state.expectations.jobs if state.expectations is not None else ():
            moments._put_job(state, name)
        return moments

    def notice(self, state: State, entry: Entry) -> None:
        """Keep the index in line with the state, after an entry was folded."""
        known = state.expectations
        if known is None:
            return
        if entry.type in v.CLOCK_READINGS:  # what counted from a time to come is due earlier
            for name in known.jobs:
                self._put_job(state, name)
        elif entry.job is not None and entry.job in known.jobs:
            if entry.type.startswith("job."):
                self._put_job(state, entry.job)
            elif entry.run is not None and entry.run in state.runs:
                if entry.type in v.CAUSES:
                    self._put_run(state, entry.job, entry.run)
            elif entry.type in v.ENDINGS:
                self._at.pop(Subject("start_within", entry.job, entry.run), None)
                self._at.pop(Subject("finish_within", entry.job, entry.run), None)
                self.put(state, [Subject("success_every", entry.job)])
                self._let_go_of_stale()

    def _put_job(self, state: State, name: str) -> None:
        self.put(state, [Subject("success_every", name)])
        for number in state.jobs[name].live:
            self._put_run(state, name, number)

    def _put_run(self, state: State, name: str, number: int) -> None:
        self.put(state, [Subject("start_within", name, number), Subject("finish_within", name, number)])

    def put(self, state: State, subjects: Iterable[Subject]) -> None:
        """See to it that these are looked at when they may be breached, unless that is on record."""
        for subject in subjects:
            at = breached_from(state, *subject)
            if at is None or (state.expectations and key_of(*subject) in state.expectations.open):
                continue
            # What is due later than before is found so when it is taken.
            if subject not in self._at or at < self._at[subject]:
                self._at[subject] = at
                self._pushed += 1
                heapq.heappush(self._heap, (at, self._pushed, subject))

    def next_moment(self) -> datetime | None:
        """When something may be breached next."""
        while self._heap and self._at.get(self._heap[0][2]) != self._heap[0][0]:
            heapq.heappop(self._heap)
        return self._heap[0][0] if self._heap else None

    def take(self, now: datetime, most: int) -> list[Subject]:
        """Take off what may be breached at `now`, at most so much of it, the earliest first."""
        taken: list[Subject] = []
        while len(taken) < most and (at := self.next_moment()) is not None and at <= now:
            subject = heapq.heappop(self._heap)[2]
            del self._at[subject]
            taken.append(subject)
        return taken

    def _let_go_of_stale(self) -> None:
        if len(self._heap) > 2 * len(self._at) + _SPARE:
            self._heap = [each for each in self._heap if self._at.get(each[2]) == each[0]]
            heapq.heapify(self._heap)

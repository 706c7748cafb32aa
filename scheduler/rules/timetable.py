"""The timetable: which instant comes next, in O(log n), for any number of jobs.

Jobs with the same expression and zone form one group and share its next instant. The timetable is an index over the
state and can be rebuilt at any time. The job's state alone says whether an instant is still to be settled.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from itertools import count
from typing import NamedTuple

from scheduler.definition import Timing
from scheduler.rules.instants_state import RESOLUTION
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.state import Job, State
from scheduler.schedule.schedule import Schedule


class Due(NamedTuple):
    """An instant that fell due for a job."""

    instant: datetime
    job: str


class _Group:
    """Jobs that share a schedule, and their common next instant."""

    __slots__ = ("jobs", "key", "next", "schedule")

    def __init__(self, key: Timing, schedule: Schedule) -> None:
        self.key, self.schedule = key, schedule
        self.jobs: dict[str, None] = {}
        self.next: datetime | None = None


class Timetable:
    """The upcoming instants of the jobs that run on their schedule."""

    def __init__(self) -> None:
        self._groups: dict[Timing, _Group] = {}
        self._group_of: dict[str, _Group] = {}
        self._heap: list[tuple[datetime, int, Timing]] = []
        self._order = count()
        self._pauses: list[tuple[datetime, str]] = []
        self._paused_until: dict[str, datetime] = {}
        self._late: list[Due] = []

    @classmethod
    def of(cls, state: State, now: datetime) -> Timetable:
        """The timetable of all jobs from `now` on; `catch_up.replay` settles the instants before."""
        timetable = cls()
        for job in state.jobs.values():
            timetable._place(job, now)
        return timetable

    def update(self, job: Job, now: datetime, *, reopened: bool = False) -> None:
        """Bring one job's place in line with its state, after an entry about the job was folded.

        An instant that passed between that entry and `now` is due; `reopened`: also one that had been taken off.
        """
        group = self._place(job, now)
        if group is None and reopened:
            group = self._group_of.get(job.name)
        if group is None:
            return
        passed = now if group.next is None else min(now, group.next - RESOLUTION)
        if job.cursor < passed:
            self._late += [Due(instant, job.name) for instant in group.schedule.between(job.cursor, passed)]

    def _place(self, job: Job, now: datetime) -> _Group | None:
        """Put a job into its group, and its pause onto the timetable; returns the group if the job just joined it."""
        key = job.definition.timing() if job.on_schedule else None
        group = self._group_of.get(job.name)
        if group is not None and group.key != key:
            del group.jobs[job.name]
            del self._group_of[job.name]
            if not group.jobs:
                del self._groups[group.key]
        joined = None
        if key is not None and (group is None or group.key != key):
            joined = self._join(job, key, now)
        until = job.enablement.until if job.present and not job.enablement.enabled else None
        if until is not None and until != self._paused_until.get(job.name):
            self._paused_until[job.name] = until
            heapq.heappush(self._pauses, (until, job.name))
        return joined

    def _join(self, job: Job, key: Timing, now: datetime) -> _Group:
        group = self._groups.get(key)
        if group is None:
            group = self._groups[key] = _Group(key, schedule_of(job.definition))
            self._schedule(group, group.schedule.next_after(now))
        group.jobs[job.name] = None
        self._group_of[job.name] = group
        return group

    def _schedule(self, group: _Group, instant: datetime | None) -> None:
        group.next = instant
        if instant is not None:
            # The number decides between equal instants: the keys themselves cannot be compared.
            heapq.heappush(self._heap, (instant, next(self._order), group.key))

    def next_instant(self) -> datetime | None:
        """When something falls due next: an instant of a schedule or the end of a pause."""
        self._drop_stale()
        candidates = [heap[0][0] for heap in (self._heap, self._pauses) if heap]
        candidates += [due.instant for due in self._late]
        return min(candidates, default=None)

    def next_due(self) -> Due | None:
        """The next instant of a schedule, with one of the jobs for which it falls due; None if there is none."""
        self._drop_stale()
        soonest = list(self._late)
        if self._heap:
            instant, _, key = self._heap[0]
            soonest.append(Due(instant, next(iter(self._groups[key].jobs))))
        return min(soonest, default=None)

    def _drop_stale(self) -> None:
        while self._heap and self._stale(self._heap[0][0], self._heap[0][2]):
            heapq.heappop(self._heap)

    def _stale(self, instant: datetime, key: Timing) -> bool:
        group = self._groups.get(key)
        return group is None or group.next != instant

    def due(self, now: datetime) -> Iterator[Due]:
        """Take the instants up to `now` off the timetable, in order."""
        late, self._late = sorted(self._late), []
        yield from late
        while self._heap and self._heap[0][0] <= now:
            instant, _, key = heapq.heappop(self._heap)
            if self._stale(instant, key):
                continue
            group = self._groups[key]
            for name in group.jobs:
                yield Due(instant, name)
            self._schedule(group, group.schedule.next_after(instant))

    def pauses_over(self, now: datetime) -> bool:
        """Take the pauses that have ended off the timetable; True if there were any."""
        any_over = False
        while self._pauses and self._pauses[0][0] <= now:
            _, name = heapq.heappop(self._pauses)
            self._paused_until.pop(name, None)
            any_over = True
        return any_over

"""Waiting runs: which of the runs that are owed could start now, and when one has waited too long. Pure rules.

A run that waits for its next attempt is one of them from the time of that attempt on.

`WaitingRuns` is an index over the state that each entry updates: the cost of a turn of the loop depends on what has
changed, not on how many runs wait. If the runs of a job start one after another, only the oldest can be next. Of the
runs that wait for the same locks it is the same.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, insort
from collections.abc import Container, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice

from scheduler.entry_members import IN_TURN, LockWait
from scheduler.rules.after import late_successes
from scheduler.rules.runs.attempts import retry_limit
from scheduler.rules.runs.dispatch import SLOTS_SHOWN_MAX, in_flight, may_start
from scheduler.rules.runs.lock_groups import LockGroups
from scheduler.rules.runs.locks import LockQueue
from scheduler.rules.state import Job, Run, State

START_DEADLINE = timedelta(hours=1)
"""A run may wait this long for a slot if its job has no `start_deadline`."""


class WaitingRuns:
    """The runs that are owed and have not started, and those that wait for their next attempt."""

    def __init__(self) -> None:
        self._job_of: dict[int, str] = {}
        self._of_job: dict[str, dict[int, None]] = {}
        self._startable: list[int] = []
        self._disordered: dict[str, None] = {}
        self._changed: dict[str, bool] = {}
        self._fresh: dict[int, None] = {}
        self._retries: list[tuple[datetime, int]] = []
        self._lapses: list[tuple[datetime, int]] = []
        self._slot_lapses: dict[int, datetime] = {}
        self._lock_groups = LockGroups()
        self._slot_waits: dict[int, int] = {}
        self._could_start_since: dict[int, int] = {}
        self._times_full = 0
        self._slot_holders: list[int] = []
        self._former_waits: dict[int, tuple[LockWait | None, list[int]]] = {}

    def __len__(self) -> int:
        return len(self._job_of)

    def __contains__(self, number: object) -> bool:
        return number in self._job_of

    def startable(
        self, queue: LockQueue, without: Container[int] = (), newcomers: Iterable[str] = ()
    ) -> Iterator[int]:
        """Numbers of the runs that could start if there were slots, oldest first.

        Args:
            queue: where runs ask for their locks: those of a number are taken before the next number is.
            without: numbers of runs that are not to start.
            newcomers: locks for which younger runs, which are not here, ask in the same queue.
        """
        plain = (number for number in self._startable if number not in without)
        if not self._lock_groups:
            return plain
        return heapq.merge(plain, self._lock_groups.candidates(queue, without, newcomers))

    def lock_waited_for(self, number: int) -> LockWait | None:
        """The lock for which a run that waits was seen to wait last, if it was."""
        return self._lock_groups.waited_for(number) or self._former_waits.get(number, (None, []))[0]

    def slots_waited_for(self, number: int) -> list[int]:
        """The runs that held all slots while a run waited for nothing but one; none if it was not seen to."""
        full_before = self._could_start_since.get(number, self._slot_waits.get(number))
        if full_before is not None and self._times_full > full_before:
            return list(self._slot_holders)
        return self._former_waits.get(number, (None, []))[1]

    def note_waits(self, free: int, holders: Iterable[int]) -> None:
        """What could start has started, and that is on record: the others wait.

        Args:
            free: how many slots are left; holders: the runs that hold the others, the oldest first.
        """
        self._lock_groups.confirm()
        if free <= 0 and self._job_of:
            self._times_full += 1
            self._slot_holders = list(islice(holders, SLOTS_SHOWN_MAX))

    @property
    def changed(self) -> bool:
        """Whether something was noticed since the last `refresh`."""
        return bool(self._changed or self._fresh)

    def notice(self, number: int, name: str, run: Run | None, job: Job | None) -> None:
        """Note that an entry about a run of the job `name` was folded: the run waits now, or no longer waits.

        This holds whichever process ran it, and whether or not it ever waited here: when a run ends, the next run of
        its job may be free to start.
        """
        waits = number in self._job_of
        if run is not None and not run.begun:
            if waits:
                return
            self._job_of[number] = run.job
            if run.retry is not None:
                heapq.heappush(self._retries, (run.retry.at, number))
                # Its attempt has ended: that of another run of the job may be due.
                self.notice_job(run.job, whole=False)
            else:
                of_job = self._of_job.setdefault(run.job, {})
                if of_job and number < next(
                    reversed(of_job)
                ):  # a node gives it back that had it before others came
                    self._disordered[run.job] = None
                of_job[number] = None
                self._take_in(run, job)
            return
        if waits:
            name = self._job_of.pop(number)
            of_job = self._of_job.get(name, {})
            of_job.pop(number, None)
            if not of_job:
                self._of_job.pop(name, None)
            self._fresh.pop(number, None)
            self._drop(number)
            self._former_waits.pop(number, None)
        self.notice_job(name, whole=False)

    def _take_in(self, run: Run, job: Job | None) -> None:
        """From now on a run waits for nothing but the other runs of its job, and a slot."""
        self._fresh[run.number] = None
        if (at := lapses_at(run, job)) is not None:
            heapq.heappush(self._lapses, (at, run.number))

    def _take_in_retries(self, state: State, now: datetime) -> None:
        """The runs whose next attempt is due; they come before the runs of their job that have made none."""
        while (at := self.next_retry()) is not None and at <= now:
            run = state.runs[heapq.heappop(self._retries)[1]]
            if run.retry_at is None or run.retry_at > now:
                continue  # that was of an earlier wait: another process has made the attempt, and it waits again
            of_job = self._of_job.setdefault(run.job, {})
            if run.number in of_job:
                continue  # a clock that was set back made it due earlier
            of_job[run.number] = None
            self._disordered[run.job] = None
            self._take_in(run, state.jobs.get(run.job))
        for name in self._disordered:
            waiting = [state.runs[number] for number in self._of_job.get(name, ())]
            if waiting:
                ordered = sorted(waiting, key=lambda each: each.precedence)
                self._of_job[name] = dict.fromkeys(each.number for each in ordered)
        self._disordered.clear()

    def notice_clock(self, state: State) -> None:
        """Note that the clock was read anew: if it was set back, further attempts are due earlier than they were."""
        for number in self._job_of:
            run = state.runs.get(number)
            if run is not None and run.retry is not None and run.retry_at is not None:
                heapq.heappush(self._retries, (run.retry.at, number))

    def next_retry(self) -> datetime | None:
        """When the next attempt of a run is due that waits for it."""
        while self._retries and self._retries[0][1] not in self._job_of:
            heapq.heappop(self._retries)
        return self._retries[0][0] if self._retries else None

    def notice_job(self, name: str, *, whole: bool = True) -> None:
        """Note that a job changed: `refresh` looks at all of its waiting runs, or only at the next one."""
        if name in self._of_job:
            self._changed[name] = whole or self._changed.get(name, False)

    def refresh(
        self, state: State, ended: Container[int], now: datetime, between: Container[int] = ()
    ) -> None:
        """Decide anew which of the runs could start, where an entry was noticed.

        Args:
            state: the present state.
            ended: numbers of runs whose end is about to be recorded.
            now: the moment.
            between: numbers of runs of which an attempt has ended, and that go on: that is about to be recorded.
        """
        self._lock_groups.forget_seen()
        self._take_in_retries(state, now)
        changed, self._changed = self._changed, {}
        fresh, self._fresh = self._fresh, {}
        names = {self._job_of[number]: False for number in fresh if number in self._job_of} | changed
        for name, whole in names.items():
            job, waiting = state.jobs.get(name), self._of_job.get(name, {})
            live = [] if job is None else in_flight(state, job, ended, between)
            way_is_free = job is not None and len(live) < len(job.live)
            beside = job is None or job.definition.overlap == "allow"
            first = next((n for n in waiting if n not in ended), None)
            looked_at = waiting if whole or beside else [] if first is None else [first]
            if beside and not whole:
                looked_at = {n: None for n in waiting if n in fresh or state.runs[n].trigger in IN_TURN}
            for number in list(looked_at):
                if whole:
                    self._forget_lapse(number, state.runs[number], job)
                self._judge(state, state.runs[number], live, now, way_is_free=way_is_free)

    def _forget_lapse(self, number: int, run: Run, job: Job | None) -> None:
        """Its job was edited: when it has waited too long is asked anew."""
        self._set_aside(number)
        if (at := lapses_at(run, job)) is not None:
            heapq.heappush(self._lapses, (at, number))

    def _set_aside(self, number: int) -> None:
        """It may not be able to start any more; for what it was seen to wait until now is remembered."""
        lock, slots = self.lock_waited_for(number), self.slots_waited_for(number)
        if lock is not None or slots:
            self._former_waits[number] = lock, slots
        self._drop(number)

    def _judge(self, state: State, run: Run, live: list[Run], now: datetime, *, way_is_free: bool) -> None:
        job = state.jobs.get(run.job)
        if not may_start(run, job, live) or late_successes(state, run, job, now):
            self._set_aside(run.number)
        elif self._is_startable(run.number):
            pass
        elif job is not None and job.definition.locks:
            self._lock_groups.add(run.number, tuple(job.definition.locks))
        else:
            insort(self._startable, run.number)
            self._could_start_since[run.number] = self._times_full
            was_kept = way_is_free or (job is not None and bool(job.definition.awaits))
            self._await_slot(run, job, now if was_kept else None)

    def _await_slot(self, run: Run, job: Job | None, since: datetime | None) -> None:
        if (at := lapses_waiting_for_a_slot(run, job, since)) is not None:
            self._slot_lapses[run.number] = at
            heapq.heappush(self._lapses, (at, run.number))

    def notice_locks(self, names: Iterable[str]) -> None:
        """Note that others hold these locks now than before."""
        self._lock_groups.notice(names)

    def await_slots(
        self, state: State, queue: LockQueue, now: datetime, over: Iterable[int | None] = ()
    ) -> None:
        """Note which of the runs with locks wait for nothing but a slot from `now` on, and which wait for locks.

        Args:
            state: the present state.
            queue: where they ask as if there were slots for all: a new one.
            now: the moment.
            over: numbers of runs that hold nothing any more in the queue, though that was not noticed yet.
        """
        runs = (state.runs.get(-1 if number is None else number) for number in over)
        freed = [name for run in runs if run is not None for name in run.locks]
        settled = self._lock_groups.settle(queue, freed)
        for number in settled.withdrawn:
            self._slot_waits.pop(number, None)
            self._slot_lapses.pop(number, None)
        for number in settled.granted:
            run = state.runs[number]
            self._slot_waits[number] = self._times_full
            self._await_slot(run, state.jobs.get(run.job), now)

    def lock_in_the_way(self, queue: LockQueue, number: int, names: tuple[str, ...]) -> LockWait | None:
        """The lock that a run could not have although there were slots for all; None if it could have all of its own.

        Args:
            queue: that in which `await_slots` had them ask; number: of the run; names: of its locks.
        """
        return self._lock_groups.obstacle(queue, number, names)

    def awaits_slot(self, number: int) -> bool:
        """Whether a run with locks was found to wait for nothing but a slot."""
        return number in self._slot_waits

    def _is_startable(self, number: int) -> bool:
        if number in self._lock_groups:
            return True
        at = bisect_left(self._startable, number)
        return at < len(self._startable) and self._startable[at] == number

    def _drop(self, number: int) -> None:
        if number in self._lock_groups:
            self._lock_groups.drop(number)
            self._slot_waits.pop(number, None)
            self._slot_lapses.pop(number, None)
        elif self._is_startable(number):
            del self._startable[bisect_left(self._startable, number)]
            del self._could_start_since[number]
            self._slot_lapses.pop(number, None)

    def next_lapse(self) -> datetime | None:
        """When the next run has waited too long, or may have."""
        while self._lapses and self._lapses[0][1] not in self._job_of:
            heapq.heappop(self._lapses)
        return self._lapses[0][0] if self._lapses else None

    def next_moment(self) -> datetime | None:
        """When there is something to decide: a run has waited too long, or its next attempt is due."""
        return min(filter(None, (self.next_lapse(), self.next_retry())), default=None)

    def lapsed(self, state: State, now: datetime) -> list[int]:
        """Numbers of the runs that have waited too long; each call names them again until they no longer wait."""
        found = []
        while (at := self.next_lapse()) is not None and at <= now:
            found.append(heapq.heappop(self._lapses)[1])
        lapsed = [number for number in dict.fromkeys(found) if self._is_late(state, number, now)]
        for number in lapsed:
            heapq.heappush(self._lapses, (now, number))
        return sorted(lapsed)

    def _is_late(self, state: State, number: int, now: datetime) -> bool:
        run = state.runs[number]
        job = state.jobs.get(run.job)
        at = lapses_at(run, job)
        if at is None:
            at = self._slot_lapses.get(number)
        return at is not None and at <= now


def lapses_at(run: Run, job: Job | None) -> datetime | None:
    """When a run has waited too long by its job's own `start_deadline`; None if it has none or a person asked for it.

    The wait of a scheduled run counts from its instant, that of one that is caught up or backfilled from its tick. A
    run that has made an attempt has kept that deadline; for it the time counts within which all its attempts are to
    start.
    """
    if run.retry is not None:
        return retry_limit(None if job is None else job.definition.retry, run.retry.first_started)
    deadline_ms = None if job is None else job.definition.start_deadline_ms
    if run.trigger == "manual" or deadline_ms is None:
        return None
    return _due(run) + timedelta(milliseconds=deadline_ms)


def lapses_waiting_for_a_slot(run: Run, job: Job | None, since: datetime | None) -> datetime | None:
    """When a run that only waits for a slot has waited too long, where its job has no `start_deadline` of its own.

    Args:
        run: the run; job: its job.
        since: the moment from which it waits for nothing but a slot; None: it fell due, or the last run of its job
            ended, whichever is later.
    """
    own_deadline = job is not None and job.definition.start_deadline_ms is not None
    if run.trigger == "manual" or run.retry is not None or own_deadline:
        return None
    moments = [_due(run), *([since] if since else [])]
    if job is not None and job.last is not None:
        # Until then another run of the job was in its way.
        moments.append(job.last.time)
    return max(moments) + START_DEADLINE


def _due(run: Run) -> datetime:
    return run.scheduled_for if run.trigger == "schedule" and run.scheduled_for else run.owed_at

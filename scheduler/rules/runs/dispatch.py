"""Dispatch: which of the runs that are owed begin now, which wait, and which are skipped. Pure rules.

A run is judged once when it falls due (skip or keep) and, if kept, starts as soon as its job and the
scheduler's capacity let it, oldest first.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime
from functools import cached_property
from typing import Protocol

from msgspec import structs

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.entry_members import ASKED_FOR, FALLING_DUE, IN_TURN, LockWait, SkipReason
from scheduler.rules.after import late_successes, successes_of_start
from scheduler.rules.nodes.placement import Places
from scheduler.rules.runs.attempts import closed, end_of_wish
from scheduler.rules.runs.locks import LockQueue
from scheduler.rules.runs.passed_runs import PassedRuns
from scheduler.rules.runs.run_events import after_wait, assigned, skipped, started
from scheduler.rules.state import Executor, Job, Run, State

SecretDigest = Callable[[int, int], str | None]

SLOTS_SHOWN_MAX = 16
"""A skip or a start names at most this many of the runs that hold the slots: the oldest ones."""


class SeenWaits(Protocol):
    """What runs were seen to wait for, by their numbers."""

    def lock_waited_for(self, number: int) -> LockWait | None:
        """The lock for which a run was seen to wait last, if it was."""

    def slots_waited_for(self, number: int) -> list[int]:
        """The runs that held all slots while a run waited for nothing but one, as far as a skip names them."""


def arrivals(events: Sequence[Event], first_seq: int, now: datetime) -> list[Run]:
    """The runs that `events` will create once they are recorded from `first_seq` on: of ticks, and of requests."""
    found = (_arrival(event, seq, now) for seq, event in enumerate(events, first_seq))
    return [run for run in found if run is not None]


def _arrival(event: Event, seq: int, now: datetime) -> Run | None:
    data, name = event.data, event.job or ""
    if isinstance(data, v.RunRequested):
        return Run(
            seq,
            name,
            "manual",
            now,
            by=data.executor,
            actor=event.actor,
            retry_of=data.retry_of,
            original_scheduled_for=data.original_scheduled_for,
        )
    if isinstance(data, v.ScheduleTicked):
        failed = data.because_of if data.trigger == "after" else None
        return Run(seq, name, data.trigger, now, scheduled_for=data.scheduled_for, failed_upstream=failed)
    return None


class Dispatcher:
    """One round of decisions.

    It looks at the waiting runs only while a slot is free.

    Args:
        state: as it stands.
        owed: numbers of the runs in the state that wait for nothing but a slot, oldest first.
        new: runs that were not judged yet: they are about to join the state, or were just folded into it.
        ended: numbers of runs whose end is about to be recorded.
        capacity: how many runs may start.
        executor: the process that will watch them.
        secret_sha256: the digest of an attempt's secret, by run and attempt.
        locks: where runs ask for their locks.
        running: numbers of the runs that hold a slot, oldest first.
        waits: what the `owed` were seen to wait for.
        passed: which runs ended before them.
        now: the moment; None: that of the last entry.
        between: numbers of runs of which an attempt has ended, and that go on: that is about to be recorded.
        places: the slots of the nodes that share the ledger: runs are assigned to them, and `capacity` and `running`
            say nothing. None: runs are started here.
    """

    def __init__(
        self,
        state: State,
        owed: Iterable[int],
        new: Sequence[Run],
        ended: AbstractSet[int],
        capacity: int,
        executor: Executor,
        secret_sha256: SecretDigest,
        locks: LockQueue,
        running: Sequence[int] = (),
        waits: SeenWaits | None = None,
        passed: PassedRuns | None = None,
        now: datetime | None = None,
        between: Container[int] = (),
        places: Places | None = None,
    ) -> None:
        self._places = places
        self._now, self._between = now or state.time, between
        self._secret_sha256, self._running = secret_sha256, running
        self._locks, self._waits = locks, waits
        self._passed = PassedRuns(state, ()) if passed is None else passed
        self._state, self._owed, self._new = state, owed, new
        self._capacity = capacity if places is None else places.free
        self._executor = executor
        self._ended = ended
        self._apart = {run.number for run in new} | ended
        self._live: dict[str, list[Run]] = {}
        self._begun: set[int] = set()

    def decide(self) -> list[Event]:
        """`run.started` for each run that begins now, `run.skipped` for each that never will."""
        events: list[Event] = []
        owed = iter(self._owed)
        waiting = next(owed, None)
        for run in (*self._new, None):
            while waiting is not None and self._capacity > 0 and (run is None or waiting < run.number):
                if waiting not in self._apart:
                    events += self._begin_owed(self._state.runs[waiting])
                waiting = next(owed, None) if self._capacity > 0 else None
            if run is not None and run.number not in self._ended:
                events += self._skip_or_keep(run) or self._begin_new(run)
        return events

    def _live_of(self, name: str) -> list[Run]:
        """The runs of a job that are in flight and stay so, oldest first."""
        live = self._live.get(name)
        if live is None:
            job = self._state.jobs.get(name)
            live = [] if job is None else in_flight(self._state, job, self._apart, self._between)
            self._live[name] = live
        return live

    def _skip_or_keep(self, run: Run) -> list[Event]:
        """Skip a run that falls due while another run of its job is in its way; else add it to those in flight.

        What is caught up, backfilled or made again waits its turn.
        """
        if run.failed_upstream is not None:
            return [skipped(run, "upstream", run.failed_upstream)]
        job = self._state.jobs.get(run.job)
        live = self._live_of(run.job)
        # While the scheduler was paused, younger ones may have become owed before this one is judged.
        before = [other for other in live if other.begun or other.number < run.number]
        if before and run.trigger not in IN_TURN and run.retry_of is None:
            reason = self._in_the_way(run, job, before)
            if reason is not None:
                lock = self._lock_in_the_way(job, before)
                slots = self._slots_in_the_way(job, before) if lock is None else []
                return [skipped(run, reason, before[0].number, slots=slots, lock=lock)]
        live.append(run)
        return []

    def _in_the_way(self, run: Run, job: Job | None, live: list[Run]) -> SkipReason | None:
        """Why a run is not to wait for those of its job that are in flight; None if it may."""
        if job is None or job.definition.overlap == "skip":
            return "overlap"
        return "queue_full" if self._queue_is_full(run, job, live) else None

    def _queue_is_full(self, run: Run, job: Job, live: list[Run]) -> bool:
        """Whether as many runs wait as may; a run that replaces others counts for those."""
        limit = job.definition.queue_limit
        if len(live) < limit or (run.trigger in FALLING_DUE and job.definition.overlap == "replace"):
            return False
        waiting = (other for other in live if other.attempt == 0 and other.assigned is None)
        return sum(other.number not in self._begun for other in waiting) >= limit

    def _slots_in_the_way(self, job: Job | None, live: list[Run]) -> list[int]:
        """The runs that hold the slots, if the run in the way waits for nothing but a slot; else none."""
        first = live[0]
        if first.attempt > 0 or first.begun or not may_start(first, job, live):
            return []
        if late_successes(self._state, first, job, self._now):
            return []
        return slots_taken(job, self._capacity, self._running, self._places)

    def _lock_in_the_way(self, job: Job | None, live: list[Run]) -> LockWait | None:
        """The lock that the run in the way cannot have, if that is what it waits for."""
        first = live[0]
        locks = () if job is None else job.definition.locks
        if not locks or first.attempt > 0 or first.begun or first.number in self._begun:
            return None
        if not may_start(first, job, live):
            return None
        return self._locks.obstacle(first.number, locks)

    def _begin_new(self, run: Run) -> list[Event]:
        return self._begin_owed(run) if run.number in self._state.runs else self._start_or_skip(run)

    def _begin_owed(self, run: Run) -> list[Event]:
        """Start or skip a run that is on record; its start says for what it waited, as far as that is known."""
        events = self._start_or_skip(run)
        for event in events:
            if not isinstance(event.data, (v.RunStarted, v.RunAssigned)):
                self._passed.note(event)
                continue
            behind = self._passed.waited_behind(run, self._state.jobs[run.job])
            lock = (
                None
                if self._waits is None or not event.data.locks
                else self._waits.lock_waited_for(run.number)
            )
            slots = [] if self._waits is None else self._waits.slots_waited_for(run.number)
            if behind is not None or lock is not None or slots:
                return [after_wait(event, behind, lock, slots)]
        return events

    def _start_or_skip(self, run: Run) -> list[Event]:
        job = self._state.jobs.get(run.job)
        live = self._live_of(run.job)
        unwanted = unwanted_run(run, job)
        if unwanted is not None:
            if run in live:
                live.remove(run)
            return [unwanted]
        assert job is not None, "a run of no job is unwanted"
        if self._capacity <= 0 or not may_start(run, job, live):
            return []
        if late_successes(self._state, run, job, self._now):
            return []
        node = None if self._places is None else self._places.choose(job.definition)
        if self._places is not None and node is None:
            return []  # it waits for a node, and stands in nobody's way
        if self._is_before_a_success(run, job):
            # It could start, and does so in the next round: until then no younger run takes its locks.
            self._locks.wait(run.number, job.definition.locks)
            return []
        if job.definition.locks and not self._locks.take(run.number, job.definition.locks):
            return []
        self._capacity -= 1
        self._begun.add(run.number)
        locks = self._locks.noted(job.definition.locks)
        successes = successes_of_start(self._state, run, job)
        if self._places is not None and node is not None:
            self._places.take(run.number, node)
            return [assigned(run, node, locks, successes)]
        secret_sha256 = self._secret_sha256(run.number, run.attempt + 1)
        return [
            started(
                run,
                job.definition,
                self._executor,
                secret_sha256,
                locks=locks,
                successes=successes,
            )
        ]

    def _is_before_a_success(self, run: Run, job: Job) -> bool:
        """Whether a success may be about to be recorded of a job for whose success the run has to wait.

        A start names the newest success of each: where one comes with this round, it starts in the next one.
        """
        if not job.definition.awaits or run.trigger in ASKED_FOR or run.attempt:
            return False
        return not self._ending.isdisjoint(job.definition.awaits)

    @cached_property
    def _ending(self) -> set[str]:
        """The jobs of which a run ends in this round."""
        return {self._state.runs[number].job for number in self._ended if number in self._state.runs}


def unwanted_run(run: Run, job: Job | None) -> Event | None:
    """The end of a waiting run that a person or the config no longer wants; None if the run is still wanted."""
    unwanted = end_of_wish(run, job)
    return None if unwanted is None else no_start(run, *unwanted)


def no_start(run: Run, reason: SkipReason, because_of: int | None, actor: str = v.SCHEDULER) -> Event:
    """The end of a waiting run that is not to start: it is skipped, or its wait for another attempt is closed."""
    return (closed if run.waits_for_retry else skipped)(run, reason, because_of, actor)


def in_flight(state: State, job: Job, without: Container[int], between: Container[int]) -> list[Run]:
    """The runs of a job that are in flight, oldest first, as they will be once what is about to be recorded is.

    Args:
        state: as it stands; job: the job.
        without: numbers of those to leave out.
        between: numbers of those of which an attempt has ended: they wait for their next one.
    """
    runs = [state.runs[number] for number in job.live if number not in without]
    return [structs.replace(run, started=None) if run.number in between else run for run in runs]


def slots_taken(
    job: Job | None, capacity: int, running: Sequence[int], places: Places | None = None
) -> list[int]:
    """The runs that hold all slots that a job could have, as far as a skip names them; none if one is left.

    Args:
        job: the job.
        capacity: how many runs may still start; running: those that hold a slot, oldest first.
        places: where the ledger has several nodes, their slots, which count in place of these.
    """
    if places is None or job is None:
        return list(running[:SLOTS_SHOWN_MAX]) if capacity <= 0 else []
    taken = places.choose(job.definition) is None
    return places.holders(job.definition)[:SLOTS_SHOWN_MAX] if taken else []


def may_start(run: Run, job: Job | None, live: list[Run]) -> bool:
    """Whether a run may start: what is made up for one after another, others as the job's overlap policy says."""
    if job is not None and job.definition.overlap == "allow" and run.trigger not in IN_TURN:
        return True
    return not any(other.begun or other.precedence < run.precedence for other in live if other is not run)


def unwanted_runs(state: State, name: str) -> list[Event]:
    """The skips of a job's waiting runs that are no longer wanted, after an entry about the job."""
    job = state.jobs.get(name)
    waiting = [state.runs[number] for number in (job.live if job else ())]
    return [event for run in waiting if run.started is None and (event := unwanted_run(run, job)) is not None]

"""Dispatch: which of the runs that are owed begin now, which wait, and which are skipped. Pure rules.

A run is judged once when it falls due (skip or keep) and, if kept, starts as soon as its job and the
scheduler's capacity let it, oldest first.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.command import command_digest
from scheduler.definition import JobDefinition
from scheduler.entry_members import IN_TURN, SkipReason
from scheduler.rules.runs.attempts import closed, end_of_wish
from scheduler.rules.state import Executor, Job, Run, State

SecretDigest = Callable[[int, int], str | None]

SLOTS_SHOWN_MAX = 16
"""A skip names at most this many of the runs that hold the slots: the oldest ones."""


def arrivals(events: Sequence[Event], first_seq: int, now: datetime) -> list[Run]:
    """The runs that the ticks among `events` will create once they are recorded from `first_seq` on."""
    return [
        Run(seq, event.job or "", event.data.trigger, now, scheduled_for=event.data.scheduled_for)
        for seq, event in enumerate(events, first_seq)
        if isinstance(event.data, v.ScheduleTicked)
    ]


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
        running: numbers of the runs that hold a slot, oldest first.
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
        running: Sequence[int] = (),
    ) -> None:
        self._secret_sha256, self._running = secret_sha256, running
        self._state, self._owed, self._new = state, owed, new
        self._capacity, self._executor = capacity, executor
        self._ended = ended
        self._apart = {run.number for run in new} | ended
        self._live: dict[str, list[Run]] = {}
        self._begun: set[int] = set()

    def decide(self) -> list[Event]:
        """`run.started` for each run that begins now, `run.skipped` for each that never will."""
        events = []
        for number in self._owed:
            if self._capacity <= 0:
                break
            if (
                number not in self._apart
                and (event := self._start_or_skip(self._state.runs[number])) is not None
            ):
                events.append(event)
        for run in self._new:
            if run.number in self._ended:
                continue
            event = self._skip_or_keep(run) or self._start_or_skip(run)
            if event is not None:
                events.append(event)
        return events

    def _live_of(self, name: str) -> list[Run]:
        """The runs of a job that are in flight and stay so, oldest first."""
        live = self._live.get(name)
        if live is None:
            job, runs = self._state.jobs.get(name), self._state.runs
            numbers = [] if job is None else job.live
            live = self._live[name] = [runs[number] for number in numbers if number not in self._apart]
        return live

    def _skip_or_keep(self, run: Run) -> Event | None:
        """Skip a run that falls due while another run of its job is in its way; else add it to those in flight.

        What is caught up, backfilled or made again waits its turn.
        """
        job = self._state.jobs.get(run.job)
        live = self._live_of(run.job)
        if live and run.trigger not in IN_TURN and run.retry_of is None:
            slots = self._slots_in_the_way(job, live)
            if job is None or job.definition.overlap == "skip":
                return skipped(run, "overlap", live[0].number, slots=slots)
            if self._queue_is_full(run, job, live):
                return skipped(run, "queue_full", live[0].number, slots=slots)
        live.append(run)
        return None

    def _queue_is_full(self, run: Run, job: Job, live: list[Run]) -> bool:
        """Whether as many runs wait as may; a run that replaces others counts for those."""
        limit = job.definition.queue_limit
        if len(live) < limit or (run.trigger == "schedule" and job.definition.overlap == "replace"):
            return False
        return sum(other.attempt == 0 and other.number not in self._begun for other in live) >= limit

    def _slots_in_the_way(self, job: Job | None, live: list[Run]) -> list[int]:
        """The runs that hold the slots, if the run in the way waits for nothing but a slot; else none."""
        first = live[0]
        if self._capacity > 0 or first.attempt > 0 or not may_start(first, job, live):
            return []
        return list(self._running[:SLOTS_SHOWN_MAX])

    def _start_or_skip(self, run: Run) -> Event | None:
        job = self._state.jobs.get(run.job)
        live = self._live_of(run.job)
        unwanted = unwanted_run(run, job)
        if unwanted is not None:
            if run in live:
                live.remove(run)
            return unwanted
        assert job is not None, "a run of no job is unwanted"
        if self._capacity <= 0 or not may_start(run, job, live):
            return None
        self._capacity -= 1
        self._begun.add(run.number)
        secret_sha256 = self._secret_sha256(run.number, run.attempt + 1)
        return started(run, job.definition, self._executor, secret_sha256)


def started(
    run: Run,
    definition: JobDefinition,
    executor: Executor,
    secret_sha256: str | None,
    actor: str = v.SCHEDULER,
) -> Event:
    """The event that says: the next attempt of this run starts, and `executor` watches it."""
    payload = v.RunStarted(
        attempt=run.attempt + 1,
        trigger=run.trigger,
        scheduled_for=run.scheduled_for,
        command_sha256=command_digest(definition),
        host=executor.host,
        boot_id=executor.boot_id,
        executor_pid=executor.pid,
        executor_start_ticks=executor.start_ticks,
        secret_sha256=secret_sha256,
        pid_namespace=executor.pid_namespace,
        params=definition.parameter_values(run.params) if definition.params else {},
    )
    return v.event(payload, actor, job=run.job, run=run.number)


def unwanted_run(run: Run, job: Job | None) -> Event | None:
    """The end of a waiting run that a person or the config no longer wants; None if the run is still wanted."""
    unwanted = end_of_wish(run, job)
    return None if unwanted is None else no_start(run, *unwanted)


def no_start(run: Run, reason: SkipReason, because_of: int | None, actor: str = v.SCHEDULER) -> Event:
    """The end of a waiting run that is not to start: it is skipped, or its wait for another attempt is closed."""
    return (closed if run.waits_for_retry else skipped)(run, reason, because_of, actor)


def may_start(run: Run, job: Job | None, live: list[Run]) -> bool:
    """Whether a run may start: what is made up for one after another, others as the job's overlap policy says."""
    if job is not None and job.definition.overlap == "allow" and run.trigger not in IN_TURN:
        return True
    return not any(
        other.started is not None or other.precedence < run.precedence for other in live if other is not run
    )


def unwanted_runs(state: State, name: str) -> list[Event]:
    """The skips of a job's waiting runs that are no longer wanted, after an entry about the job."""
    job = state.jobs.get(name)
    waiting = [state.runs[number] for number in (job.live if job else ())]
    return [event for run in waiting if run.started is None and (event := unwanted_run(run, job)) is not None]


def skipped(
    run: Run,
    reason: SkipReason,
    because_of: int | None,
    actor: str = v.SCHEDULER,
    slots: Sequence[int] = (),
) -> Event:
    """The event that says: this run was owed and is deliberately not made."""
    payload = v.RunSkipped(
        reason=reason,
        trigger=run.trigger,
        scheduled_for=run.scheduled_for,
        because_of=because_of,
        slots=list(slots),
    )
    return v.event(payload, actor, job=run.job, run=run.number)


def not_launched(run: Run, began: datetime, error: str, actor: str = v.SCHEDULER) -> Event:
    """The event that says: no process could be started for an attempt that was recorded as started."""
    payload = v.RunFinished(
        trigger=run.trigger,
        started=began,
        outcome="failed",
        attempt=run.attempt,
        scheduled_for=run.scheduled_for,
        duration_ms=0,
        error=f"it could not be started: {error}",
    )
    return v.event(payload, actor, job=run.job, run=run.number)


def lost(run: Run, error: str, actor: str = v.SCHEDULER) -> Event:
    """The event that says: this run's process died while no process watched it."""
    assert run.started is not None, "only a run that began can be lost"
    payload = v.RunFinished(
        trigger=run.trigger,
        started=run.started,
        outcome="lost",
        attempt=run.attempt,
        scheduled_for=run.scheduled_for,
        error=error,
    )
    return v.event(payload, actor, job=run.job, run=run.number)

"""Dispatch: which of the runs that are owed begin now, which wait, and which are skipped. Pure rules.

A run is judged once when it falls due (skip or keep) and, if kept, starts as soon as its job and the
scheduler's capacity let it, oldest first.
"""

from __future__ import annotations

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.configuration import command_digest
from scheduler.definition import JobDefinition
from scheduler.state import Executor, Job, Run, State

QUEUE_MAX = 1_000
"""At most this many runs of one job wait; those beyond are skipped and recorded so."""


def arrivals(events: Sequence[Event], first_seq: int, now: datetime) -> list[Run]:
    """The runs that `events` will create once they are recorded from `first_seq` on."""
    runs = []
    for seq, event in enumerate(events, first_seq):
        if isinstance(event.data, v.ScheduleTicked):
            tick = event.data
            runs.append(Run(seq, event.job or "", tick.trigger, now, scheduled_for=tick.scheduled_for))
        elif isinstance(event.data, v.RunRequested):
            request = event.data
            runs.append(Run(seq, event.job or "", "manual", now, by=request.executor, actor=event.actor))
    return runs


class Dispatcher:
    """One round of decisions.

    Args:
        state: as it stands.
        new: runs that nobody has judged yet: about to join the state, or just folded.
        ended: numbers of runs in the state whose end is about to be recorded.
        capacity: how many may begin.
        executor: who will watch them.
    """

    def __init__(
        self, state: State, new: Sequence[Run], ended: AbstractSet[int], capacity: int, executor: Executor
    ) -> None:
        self._state, self._new = state, new
        self._capacity, self._executor = capacity, executor
        apart = {run.number for run in new} | ended
        self._owed: list[Run] = []
        self._live: dict[str, list[Run]] = {}
        for run in state.runs.values():
            if run.number not in apart:
                self._live.setdefault(run.job, []).append(run)
                if run.attempt == 0 and run.by == "scheduler":
                    self._owed.append(run)

    def decide(self) -> list[Event]:
        """`run.started` for each run that begins now, `run.skipped` for each that never will."""
        events = [event for run in self._owed if (event := self._judge(run)) is not None]
        for run in self._new:
            event = self._unwelcome(run) or self._judge(run)
            if event is not None:
                events.append(event)
        return events

    def _unwelcome(self, run: Run) -> Event | None:
        """Skips a run that falls due while another is in its way; otherwise it joins those in flight."""
        job = self._state.jobs.get(run.job)
        live = self._live.setdefault(run.job, [])
        if live and run.trigger != "catch_up":
            if job is None or job.definition.overlap == "skip":
                return skipped(run, "overlap", live[0].number)
            if len(live) >= QUEUE_MAX:
                return skipped(run, "queue_full", live[0].number)
        live.append(run)
        return None

    def _judge(self, run: Run) -> Event | None:
        job = self._state.jobs.get(run.job)
        live = self._live[run.job]
        unwanted = _unwanted(run, job)
        if unwanted is not None:
            live.remove(run)
            return unwanted
        if self._capacity <= 0 or not _may_start(run, job, live):
            return None
        self._capacity -= 1
        return started(run, None if job is None else job.definition, self._executor)


def started(
    run: Run, definition: JobDefinition | None, executor: Executor, actor: str = v.SCHEDULER
) -> Event:
    """The event that says: the first attempt of this run begins, watched by `executor`."""
    payload = v.RunStarted(
        attempt=1,
        trigger=run.trigger,
        scheduled_for=run.scheduled_for,
        command_sha256="" if definition is None else command_digest(definition),
        host=executor.host,
        boot_id=executor.boot_id,
        executor_pid=executor.pid,
        executor_start_ticks=executor.start_ticks,
    )
    return v.event(payload, actor, job=run.job, run=run.number)


def _unwanted(run: Run, job: Job | None) -> Event | None:
    """Skips a waiting run that a person or the config no longer wants."""
    if run.cancel_seq is not None:
        return skipped(run, "cancelled", run.cancel_seq)
    if job is None or not job.present:
        return skipped(run, "removed", None if job is None else job.removed_seq)
    if run.trigger != "manual" and not job.switch.enabled and job.switch.time > run.owed_at:
        return skipped(run, "disabled", job.switch.seq)
    return None


def _may_start(run: Run, job: Job | None, live: list[Run]) -> bool:
    """Catch-up runs go one after another; others as the job's overlap policy says."""
    if job is not None and job.definition.overlap == "allow" and run.trigger != "catch_up":
        return True
    return not any(other.attempt > 0 or other.number < run.number for other in live if other is not run)


def skipped(run: Run, reason: v.SkipReason, because_of: int | None, actor: str = v.SCHEDULER) -> Event:
    """The event that says: this run was owed and is deliberately not made."""
    payload = v.RunSkipped(
        reason=reason, trigger=run.trigger, scheduled_for=run.scheduled_for, because_of=because_of
    )
    return v.event(payload, actor, job=run.job, run=run.number)

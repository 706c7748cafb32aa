"""What is recorded for jobs that run after others, once those have succeeded or have not. Pure rules.

The fold keeps what became of each instant (`rules.fold.upstreams`). What is decided and not on record is recorded at
the next opportunity: a tick, by which a run is owed; a tick of a run that is to be skipped, for a job before it did
not succeed; or a request that such a run be made, after that job was made again and did.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from itertools import islice

from eventstore.store import OWN_SEQ, Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import ASKED_FOR
from scheduler.rules.awaited import AwaitedInstant, Success
from scheduler.rules.fold.upstreams import is_decided
from scheduler.rules.job_schedule import local_iso
from scheduler.rules.state import Job, Run, State

ROUND_MAX = 500
"""At most this many instants are recorded in one append."""


class UndecidedJobs:
    """The jobs of which an upstream has done something since it was last looked whether that decides an instant.

    It is an index over the state: what it costs depends on what was recorded about upstreams, not on how many jobs
    there are.
    """

    def __init__(self) -> None:
        self._names: dict[str, None] = {}

    def begin(self, state: State) -> None:
        """All of them: what was decided may not be on record."""
        self._names = {name: None for names in state.dependents.values() for name in names}

    def notice(self, state: State, name: str | None) -> list[str]:
        """Take note of an entry, about a job or none; the jobs of which a run may wait for a success of that one."""
        waiting: list[str] = []
        if name is None or not state.dependents:
            return waiting
        for each in state.dependents.get(name, ()):
            job = state.jobs.get(each)
            if job is not None and job.awaited:
                self._names[each] = None
            elif job is not None and job.live:
                waiting.append(each)
        return waiting

    def events(self, state: State, now: datetime) -> list[Event]:
        """What is to be recorded about instants that are decided, of at most `ROUND_MAX`."""
        return [_event(job, each, now) for job, each in islice(self._decided(state), ROUND_MAX)]

    def any_decided(self, state: State) -> bool:
        """Whether something is to be recorded."""
        return next(self._decided(state), None) is not None

    def _decided(self, state: State) -> Iterator[tuple[Job, AwaitedInstant]]:
        """The instants about which something is to be recorded; a job that is found to have none is forgotten."""
        for name in list(self._names):
            job = state.jobs.get(name)
            found: list[AwaitedInstant] = []
            if job is not None and job.on_schedule and job.definition.follows:
                found = [each for each in job.awaited if is_decided(job, each)]
                yield from ((job, each) for each in found)
            if not found:
                del self._names[name]


def _event(job: Job, awaited: AwaitedInstant, now: datetime) -> Event:
    definition = job.definition
    successes = _successes(definition, awaited)
    if awaited.run is not None:
        again = v.RunRequested(
            executor="scheduler",
            reason="the jobs before it have succeeded",
            retry_of=awaited.run,
            original_scheduled_for=awaited.instant,
            successes=successes,
        )
        return v.event(again, v.SCHEDULER, job=job.name, run=OWN_SEQ)
    tick = v.ScheduleTicked(
        scheduled_for=awaited.instant,
        local_time=local_iso(awaited.instant, definition.timezone),
        timezone=definition.timezone,
        lateness_ms=max(0, (now - awaited.since) // timedelta(milliseconds=1)),
        trigger="after",
        successes=successes,
        because_of=None if successes else min(awaited.failed.values()),
    )
    return v.event(tick, v.SCHEDULER, job=job.name, run=OWN_SEQ)


def _successes(definition: JobDefinition, awaited: AwaitedInstant) -> list[int]:
    """With which entries the jobs before it succeeded; none if not all have."""
    found = [awaited.succeeded.get(name) for name in definition.follows]
    return [seq for seq in found if seq is not None] if None not in found else []


def late_successes(state: State, run: Run, job: Job | None, now: datetime) -> list[str]:
    """The jobs for whose success a run waits, which is not new enough or has not come; none if it waits for none.

    A run that has made an attempt, and one that a person asked for, waits for none.
    """
    if job is None or job.definition.after is None or run.attempt or run.trigger in ASKED_FOR:
        return []
    within_ms = job.definition.after.within_ms
    if within_ms is None:
        return []
    oldest = now - timedelta(milliseconds=within_ms)
    found = ((name, _last_success(state, name)) for name in job.definition.awaits)
    return [name for name, success in found if success is None or success.time < oldest]


def successes_of_start(state: State, run: Run, job: Job) -> list[int]:
    """The entries with which the jobs last succeeded for which a run had to wait that starts now; 0: it never has."""
    if not job.definition.awaits or run.attempt or run.trigger in ASKED_FOR:
        return []
    found = (_last_success(state, name) for name in job.definition.awaits)
    return [0 if success is None else success.seq for success in found]


def _last_success(state: State, name: str) -> Success | None:
    job = state.jobs.get(name)
    return None if job is None else job.success

"""What becomes of instants that fall due while a scheduler watches, and of runs that start too late. Pure rules."""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import datetime, timedelta

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.entry_members import LockWait
from scheduler.rules.catch_up import ticked
from scheduler.rules.exclusion import exclusion
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.runs.attempts import closed
from scheduler.rules.runs.run_events import skipped
from scheduler.rules.runs.waiting_runs import START_DEADLINE
from scheduler.rules.state import Job, State
from scheduler.rules.timetable import Due

ROUND_DUE_MAX = 32
"""At most this many instants are settled in one append: if many fall due together, the first runs start at once."""
ROUND_LATE_MAX = 2_000
"""At most this many instants are settled in one append if they are late already."""
LATE = timedelta(seconds=1)
"""If the oldest instant is later than this, more are settled in one append: first they must be on record."""


def next_batch(due: Sequence[Due], now: datetime) -> list[Due]:
    """The instants that are settled in the next append, taken from `due`, which holds the oldest first."""
    late = len(due) > 0 and now - due[0].instant > LATE
    return [due[i] for i in range(min(len(due), ROUND_LATE_MAX if late else ROUND_DUE_MAX))]


def is_still_due(state: State, due: Due) -> bool:
    """Whether what fell due is an instant of its job as that is defined now: it may have been edited meanwhile."""
    job = state.jobs.get(due.job)
    return job is not None and job.definition.has_times and schedule_of(job.definition).has(due.instant)


def due_events(state: State, due: Iterable[Due], now: datetime, edited: Container[str] = ()) -> list[Event]:
    """A tick for each instant that fell due; the instants of a job that are past their deadline share one misfire.

    What calendars excluded before any of them is recorded first.

    Args:
        state: as it stands; due: what fell due; now: the moment.
        edited: names of jobs that were edited since that was found out.
    """
    excluded: list[Event] = []
    ticks: list[Event] = []
    overdue: dict[str, list[datetime]] = {}
    seen: dict[str, datetime] = {}
    for item in due:
        job = state.jobs[item.job]
        earlier = seen.get(item.job)
        # An instant that waits here may fall due anew, when its job is edited meanwhile.
        if (earlier and item.instant <= earlier) or job.is_settled(item.instant) or not job.on_schedule:
            continue
        if item.job in edited and not is_still_due(state, item):
            continue
        if job.definition.calendars is not None:
            excluded += exclusion(job, item.instant, earlier)
        seen[item.job] = item.instant
        if now - item.instant > deadline(job):
            overdue.setdefault(item.job, []).append(item.instant)
        else:
            ticks.append(ticked(job.definition, item.instant, now))
    return [*excluded, *(_overload(state.jobs[name], instants) for name, instants in overdue.items()), *ticks]


def deadline(job: Job) -> timedelta:
    """How late an instant may be and still begin a run; one that is later is a misfire."""
    deadline_ms = job.definition.start_deadline_ms
    return START_DEADLINE if deadline_ms is None else timedelta(milliseconds=deadline_ms)


def _overload(job: Job, instants: Sequence[datetime]) -> Event:
    misfired = v.ScheduleMisfired(
        first=instants[0],
        last=instants[-1],
        count=len(instants),
        policy=job.definition.catch_up,
        will_run=0,
        reason="overload",
    )
    return v.event(misfired, v.SCHEDULER, job=job.name)


def deadline_skip(state: State, number: int, slots: Sequence[int], lock: LockWait | None = None) -> Event:
    """The event that says: this run could not start in time; it names the runs that hold its lock, or all slots.

    Of a run that has made an attempt: the time within which all its attempts were to start is over.
    """
    run = state.runs[number]
    if run.waits_for_retry:
        return closed(run, None, None)
    return skipped(run, "deadline", None, slots=slots, lock=lock)

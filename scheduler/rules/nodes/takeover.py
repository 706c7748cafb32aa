"""Takeover: what becomes of what fell due between two leaders, or while the database was away. Pure rules.

In a gap of less than a minute nothing was missed that a person would call missed: whatever is younger than its job's
`start_deadline` is ticked and kept, whatever `catch_up` says, as if it had only been late. What is older goes by
`catch_up`. A longer gap is a downtime: nobody led, and all of it goes by `catch_up`, as after a restart.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial

from eventstore.store import Event
from scheduler.entry_members import MisfireReason
from scheduler.rules.catch_up import replay, summary
from scheduler.rules.falling_due import deadline
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.runs.orphans import late_runs
from scheduler.rules.state import Job, State
from scheduler.rules.timetable import Due

GAP_MAX = timedelta(minutes=1)
"""If something has been due for longer than this, nobody watched: that was a downtime, not a takeover."""


def is_downtime(state: State, now: datetime) -> bool:
    """Whether some instant has been due for so long that nobody can have watched.

    Pauses that have ended must be on record. What a leader watches it records within seconds.
    """
    return any(_is_overdue(job, now - GAP_MAX) for job in state.jobs.values() if job.on_schedule)


def _is_overdue(job: Job, moment: datetime) -> bool:
    """Whether an instant before `moment` is not settled."""
    schedule = schedule_of(job.definition)
    stretches = job.open_stretches(job.cursor, moment)
    return any(summary(schedule, after, until)[0] for after, until in stretches)


def taken_over(state: State, names: Iterable[str], now: datetime, reason: MisfireReason) -> list[Event]:
    """The events that settle the instants of the named jobs that are too old to be kept.

    Pauses that have ended must be on record, as for `catch_up.replay`.
    """
    return replay(state, names, now, reason, partial(_kept_from, now=now))


def kept_instants(state: State, now: datetime) -> list[Due]:
    """The instants up to `now` that fall due now although they are late, the oldest first; the older are settled."""
    kept = []
    for job in state.jobs.values():
        after = max(job.cursor, _kept_from(job, now))
        if job.on_schedule and after < now:
            schedule = schedule_of(job.definition)
            if summary(schedule, after, now)[0]:
                kept += [Due(instant, job.name) for instant in schedule.between(after, now)]
    return sorted(kept)


def overdue_runs(state: State, now: datetime) -> frozenset[int]:
    """Numbers of the owed runs that are too old to be kept: `catch_up` says what becomes of them."""
    return frozenset(number for number in late_runs(state) if _is_too_old(state, number, now))


def _is_too_old(state: State, number: int, now: datetime) -> bool:
    run = state.runs[number]
    job = state.jobs.get(run.job)
    return run.scheduled_for is not None and job is not None and run.scheduled_for <= _kept_from(job, now)


def _kept_from(job: Job, now: datetime) -> datetime:
    return now - deadline(job)

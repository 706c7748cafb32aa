"""Exclusion: what is recorded of instants on days that a job's calendars exclude. Pure rules.

They are no instants of the job's schedule: nothing is owed for them, and none misfires. That they passed is recorded
for whoever asks: consecutive ones in one entry, before the next instant that falls due, before a person settles what
came after them, and at least once a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.rules.job_schedule import excluded
from scheduler.rules.state import Job, State


def exclusion(job: Job, until: datetime, after: datetime | None = None) -> list[Event]:
    """The entry about what a job's calendars excluded up to `until` and nothing recorded yet; none without any.

    Args:
        job: the job.
        until: the end of the stretch, included.
        after: up to when all is recorded that there was; None: as the state of the job says.
    """
    return exclusion_between(
        job, job.definition, job.cursor if after is None else max(job.cursor, after), until
    )


def exclusion_between(
    job: Job, definition: JobDefinition, after: datetime, until: datetime, actor: str = v.SCHEDULER
) -> list[Event]:
    """The same of `after` < x <= `until`, by a definition that the job has or had then; `actor`: who records it."""
    if definition.calendars is None:
        return []
    since = after if job.excluded_until is None else max(after, job.excluded_until)
    first, last, count = excluded(definition, since, until)
    if first is None or last is None:
        return []
    payload = v.ScheduleExcluded(first=first, last=last, count=count)
    return [v.event(payload, actor, job=definition.name)]


def exclusions(state: State, names: Iterable[str], now: datetime) -> list[Event]:
    """The same up to now, of those of the named jobs that are on their schedule."""
    jobs = (state.jobs[name] for name in names)
    return [event for job in jobs if job.on_schedule for event in exclusion(job, now)]

"""Exclusion: what is recorded of instants on days that a job's calendars exclude. Pure rules.

They are no instants of the job's schedule: nothing is owed for them, and none misfires. That they passed is recorded
for whoever asks: consecutive ones in one entry, before the next instant that falls due, and at least once a day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.rules.instants_state import ClosedInterval
from scheduler.rules.job_schedule import excluded
from scheduler.rules.state import Job, State


def exclusion(job: Job, until: datetime, after: datetime | None = None) -> list[Event]:
    """The entry about what a job's calendars excluded up to `until` and nothing recorded yet; none without any.

    Args:
        job: the job.
        until: the end of the stretch, included.
        after: up to when all is recorded that there was; None: as the state of the job says.
    """
    return _recorded(job, job.definition, job.cursor if after is None else max(job.cursor, after), until)


def exclusion_of_span(job: Job, span: ClosedInterval) -> list[Event]:
    """The same of an interval of an earlier schedule."""
    return _recorded(job, span.definition, span.after, span.until)


def exclusions(state: State, names: Iterable[str], now: datetime) -> list[Event]:
    """The same up to now, of those of the named jobs that are on their schedule."""
    jobs = (state.jobs[name] for name in names)
    return [event for job in jobs if job.on_schedule for event in exclusion(job, now)]


def _recorded(job: Job, definition: JobDefinition, since: datetime, until: datetime) -> list[Event]:
    if definition.calendars is None:
        return []
    after = since if job.excluded_until is None else max(since, job.excluded_until)
    first, last, count = excluded(definition, after, until)
    if first is None or last is None:
        return []
    payload = v.ScheduleExcluded(first=first, last=last, count=count)
    return [v.event(payload, v.SCHEDULER, job=definition.name)]

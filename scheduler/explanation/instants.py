"""Which instants a definition's schedule has."""

from __future__ import annotations

from datetime import datetime, timedelta

from scheduler.definition import JobDefinition
from scheduler.rules.job_schedule import schedule_of

SECOND = timedelta(seconds=1)
_RAREST = timedelta(days=8 * 366)
"""No calendar repeats more rarely: 29 February, across a century without one."""


def is_due(definition: JobDefinition, instant: datetime) -> bool:
    """Whether the schedule has this very instant."""
    if instant.microsecond:
        return False
    return schedule_of(definition).next_after(instant - SECOND) == instant


def latest_before(definition: JobDefinition, instant: datetime) -> datetime | None:
    """The nearest earlier instant of a schedule; the search ends where no calendar repeats more rarely."""
    return schedule_of(definition).latest_between(instant - _RAREST, instant)

"""Which instants a `schedule.misfired` speaks of, one by one: those of the schedule that was in force. Pure rules.

The entry says only the first, the last, and how many there were, for a stretch may have very many.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.rules.instants_state import RESOLUTION
from scheduler.rules.job_schedule import schedule_of
from scheduler.schedule.schedule import Schedule


def schedule_of_misfire(definitions: Iterable[JobDefinition], misfire: v.ScheduleMisfired) -> Schedule:
    """The schedule whose instants were recorded as missed: that of the first definition that has just these.

    Args:
        definitions: of the job, those that were recorded before the misfire, the newest first.
        misfire: what was recorded.

    Raises:
        LookupError: none has just these; another version of the time zones may see them otherwise.
    """
    for definition in definitions:
        schedule = schedule_of(definition)
        found = schedule.summary(misfire.first - RESOLUTION, misfire.last)
        if (found.first, found.last, found.count) == (misfire.first, misfire.last, misfire.count):
            return schedule
    raise LookupError("no definition of the job has just these instants")


def last_not_caught_up(misfire: v.ScheduleMisfired, schedule: Schedule) -> datetime:
    """Up to when the instants were missed and got no run: what is caught up is always the latest of them.

    Args:
        misfire: what was recorded.
        schedule: the one whose instants these are.
    """
    if not misfire.will_run:
        return misfire.last
    run = schedule.latest(misfire.first - RESOLUTION, misfire.last, misfire.will_run)
    return run[0] - RESOLUTION if run else misfire.last

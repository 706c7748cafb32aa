"""Missed instants, as a timeline shows them: exactly the instants of the schedule that was in force.

An entry `schedule.misfired` covers any period, in which a schedule may have few instants or many. Only the instants
within the window are counted and drawn. Those that were caught up are left out, because they have runs.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from cli.charts.axis import Axis, instant_of, microseconds
from cli.charts.timeline import RunSpan
from projections.reports.earlier_definitions import earlier_definitions
from scheduler import vocabulary as v
from scheduler.rules.job_schedule import schedule_of

if TYPE_CHECKING:
    from projections import Sql
    from scheduler.rules.state import Job
    from scheduler.schedule import Schedule

_MICROSECOND = timedelta(microseconds=1)


def schedule_of_misfire(
    sql: Sql, job: Job | None, name: str, seq: int, misfire: v.ScheduleMisfired
) -> Schedule:
    """The schedule whose instants entry `seq` recorded as missed: the latest before it that has exactly these.

    Args:
        sql: the views of the ledger.
        job: the job as it is now; its definition is tried first, because it needs no query.
        name: the name of the job.
        seq: the entry.
        misfire: its payload.

    Raises:
        LookupError: no schedule has exactly these instants; with another version of the zone data they may differ.
    """
    if job is not None and job.defined_seq < seq:
        schedule = schedule_of(job.definition)
        if _has(schedule, misfire):
            return schedule
    for definition in earlier_definitions(sql, name, seq):
        schedule = schedule_of(definition)
        if _has(schedule, misfire):
            return schedule
    raise LookupError(name)


def missed_spans(
    misfire: v.ScheduleMisfired, schedule: Schedule, begin_us: int, end_us: int, axis: Axis
) -> tuple[RunSpan, ...]:
    """The instants x with begin <= x < end that were missed and not caught up: neighbouring columns form one span."""
    first, last = misfire.first, misfire.last
    # The latest instants are those that were caught up.
    if misfire.will_run:
        run = schedule.latest(first - _MICROSECOND, last, misfire.will_run)
        last = run[0] - _MICROSECOND if run else last
    low, high = max(first, instant_of(begin_us)), min(last, instant_of(end_us) - _MICROSECOND)
    return _spans(schedule, low, high, axis) if low <= high else ()


def spread(misfire: v.ScheduleMisfired, begin_us: int, end_us: int, axis: Axis) -> tuple[RunSpan, ...]:
    """The same if no schedule is known: the instants are assumed to be spread evenly over the misfire's period."""
    first_us, last_us = microseconds(misfire.first), microseconds(misfire.last)
    low_us, high_us = max(first_us, begin_us), min(last_us + 1, end_us)
    missed = misfire.count - misfire.will_run
    if missed <= 0 or low_us >= high_us:
        return ()
    seen = max(1, round(missed * (high_us - low_us) / (last_us + 1 - first_us)))
    return (RunSpan(*axis.stretch(low_us, high_us), "missed", seen),)


def _has(schedule: Schedule, misfire: v.ScheduleMisfired) -> bool:
    found = schedule.summary(misfire.first - _MICROSECOND, misfire.last)
    return (found.first, found.last, found.count) == (misfire.first, misfire.last, misfire.count)


@lru_cache(maxsize=1_024)
def _spans(schedule: Schedule, low: datetime, high: datetime, axis: Axis) -> tuple[RunSpan, ...]:
    """The spans of the instants x with low <= x <= high; jobs that share a schedule share the work."""
    found = []
    columns = list(_columns(schedule, low, high, axis))
    while columns:
        begin = end = columns.pop(0)
        while columns and columns[0] == end + 1:
            end = columns.pop(0)
        after = max(low, _begin(axis, begin)) - _MICROSECOND
        count = schedule.count_between(after, min(high, _begin(axis, end + 1) - _MICROSECOND))
        found.append(RunSpan(begin, end, "missed", count))
    return tuple(found)


def _columns(schedule: Schedule, low: datetime, high: datetime, axis: Axis) -> Iterator[int]:
    """The columns that hold an instant, in order; each costs one step, however many instants it holds."""
    after = low - _MICROSECOND
    while (due := next(schedule.between(after, high), None)) is not None:
        column = axis.column_of(microseconds(due))
        yield column
        after = _begin(axis, column + 1) - _MICROSECOND


def _begin(axis: Axis, column: int) -> datetime:
    return instant_of(axis.begin_us + column * axis.column_us)

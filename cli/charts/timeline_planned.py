"""The runs that schedules will ask for, as a timeline shows them."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from cli.charts.axis import Axis, instant_of, microseconds

if TYPE_CHECKING:
    from scheduler.schedule.schedule import Schedule

_STEPS_MAX: Final = 60
"""So many columns are looked at one by one; a schedule that fills more is drawn as one stretch."""
_TICK: Final = timedelta(microseconds=1)


class PlannedRuns(NamedTuple):
    """Runs to come in columns side by side.

    Attributes:
        first, last: the columns; runs: how many instants they hold.
        due_us: the first of them, in microseconds since 1970.
    """

    first: int
    last: int
    runs: int
    due_us: int


@lru_cache(maxsize=2_048)
def planned_runs(schedule: Schedule, after: datetime, end: datetime, axis: Axis) -> tuple[PlannedRuns, ...]:
    """The instants x of a schedule with after < x < end; jobs that share a schedule share the work.

    Args:
        schedule: the schedule.
        after: from when on it counts.
        end: where the picture ends.
        axis: its columns.
    """
    until = min(end, instant_of(axis.end_us)) - _TICK
    found: list[PlannedRuns] = []
    for _ in range(_STEPS_MAX):
        due = next(schedule.between(after, until), None)
        if due is None:
            return tuple(found)
        due_us = microseconds(due)
        column = axis.column_of(due_us)
        column_end = min(instant_of(axis.begin_us + (column + 1) * axis.column_us) - _TICK, until)
        runs = schedule.count_between(after, column_end)
        if found and found[-1].last == column - 1:
            found[-1] = found[-1]._replace(last=column, runs=found[-1].runs + runs)
        else:
            found.append(PlannedRuns(column, column, runs, due_us))
        after = column_end
    rest = schedule.summary(after, until)
    if rest.count and rest.first is not None and rest.last is not None:
        first, last = axis.column_of(microseconds(rest.first)), axis.column_of(microseconds(rest.last))
        filled = rest.count >= last - first + 1
        if filled and found and found[-1].last >= first - 1:
            found[-1] = found[-1]._replace(last=last, runs=found[-1].runs + rest.count)
        else:
            found.append(PlannedRuns(first, last, rest.count, microseconds(rest.first)))
    return tuple(found)

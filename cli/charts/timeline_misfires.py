"""Missed instants, as a timeline shows them: exactly the instants of the schedule that was in force.

An entry `schedule.misfired` covers any period, in which a schedule may have few instants or many. Only the instants
within the window are counted and drawn. Those that were caught up or backfilled are left out, because they have runs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

from cli.charts.axis import Axis, instant_of, microseconds
from cli.charts.timeline import RunSpan
from scheduler import vocabulary as v
from scheduler.rules.missed_instants import last_not_caught_up

if TYPE_CHECKING:
    from scheduler.schedule.schedule import Schedule

_MICROSECOND = timedelta(microseconds=1)


def missed_spans(
    misfire: v.ScheduleMisfired,
    schedule: Schedule,
    begin_us: int,
    end_us: int,
    axis: Axis,
    made_up_us: tuple[int, ...] = (),
) -> tuple[RunSpan, ...]:
    """The instants x with begin <= x < end that were missed and have no run: a span for columns side by side.

    `made_up_us`: the instants that were backfilled later.
    """
    low = max(misfire.first, instant_of(begin_us))
    high = min(last_not_caught_up(misfire, schedule), instant_of(end_us) - _MICROSECOND)
    return _spans(schedule, low, high, axis, made_up_us) if low <= high else ()


def spread(
    misfire: v.ScheduleMisfired, begin_us: int, end_us: int, axis: Axis, made_up_us: tuple[int, ...] = ()
) -> tuple[RunSpan, ...]:
    """The same if no schedule is known: the instants are assumed to be spread evenly over the misfire's period."""
    first_us, last_us = microseconds(misfire.first), microseconds(misfire.last)
    low_us, high_us = max(first_us, begin_us), min(last_us + 1, end_us)
    missed = misfire.count - misfire.will_run - len(made_up_us)
    if missed <= 0 or low_us >= high_us:
        return ()
    seen = max(1, round(missed * (high_us - low_us) / (last_us + 1 - first_us)))
    return (RunSpan(*axis.stretch(low_us, high_us), "missed", seen),)


@lru_cache(maxsize=1_024)
def _spans(
    schedule: Schedule, low: datetime, high: datetime, axis: Axis, made_up_us: tuple[int, ...]
) -> tuple[RunSpan, ...]:
    """The spans of the instants x with low <= x <= high; jobs that share a schedule share the work."""

    def missed(first: int, last: int) -> int:
        """How many instants of these columns were missed, those left out that were made up for."""
        after = max(low, _begin(axis, first)) - _MICROSECOND
        return schedule.count_between(after, min(high, _begin(axis, last + 1) - _MICROSECOND)) - sum(
            made_up[column] for column in range(first, last + 1)
        )

    low_us, high_us = microseconds(low), microseconds(high)
    made_up = Counter(axis.column_of(each) for each in made_up_us if low_us <= each <= high_us)
    found = []
    columns = [
        column
        for column in _columns(schedule, low, high, axis)
        if column not in made_up or missed(column, column) > 0
    ]
    while columns:
        begin = end = columns.pop(0)
        while columns and columns[0] == end + 1:
            end = columns.pop(0)
        found.append(RunSpan(begin, end, "missed", missed(begin, end)))
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

"""Days by hours: which cell a moment belongs to, and how dark it is. Pure: nothing here knows a clock or a file.

A cell is an hour as the clocks of a zone show it. On the day on which they go forward one hour is not there; on
the day on which they go back one is there twice, and is told apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from projections.reports.runs_by_quarter import QUARTER_S

What = Literal["runs", "failures", "duration"]

LEVELS = 4
_HOURS = 24


class RunCounts(NamedTuple):
    """What is known about some time: how many runs began, how many of them went wrong, how long they took.

    Attributes:
        runs: how many began.
        failures: how many of them failed, timed out or were lost.
        timed: how many of them have ended, and it is known how long they took.
        duration_ms: how long those took, together.
    """

    runs: int = 0
    failures: int = 0
    timed: int = 0
    duration_ms: int = 0

    def plus(self, other: RunCounts) -> RunCounts:
        """Both together."""
        return RunCounts(
            self.runs + other.runs,
            self.failures + other.failures,
            self.timed + other.timed,
            self.duration_ms + other.duration_ms,
        )

    def value(self, what: What) -> int:
        """The number that is shown: runs, failures, or the mean duration in milliseconds."""
        if what == "duration":
            return self.duration_ms // self.timed if self.timed else 0
        return self.runs if what == "runs" else self.failures


class Hour(NamedTuple):
    """An hour on the wall. `again` tells the second of an hour that comes twice."""

    day: date
    hour: int
    again: bool = False


class HeatmapDay(NamedTuple):
    """One line of the picture.

    Attributes:
        day: the date.
        hours: for each of the 24 hours on the wall, what is known about it: nothing where clocks skipped it (an empty
            list), two counts where it came twice; None instead of counts where nothing can be known, as of an hour
            that is still to come.
        total: all of them together.
    """

    day: date
    hours: list[list[RunCounts | None]]
    total: RunCounts

    @property
    def length_h(self) -> int:
        """How many hours it has: 24, or 23 or 25 where clocks were changed."""
        return sum(map(len, self.hours))


def hour_of(quarter: int, zone: ZoneInfo) -> Hour:
    """The hour on the wall that a quarter of an hour belongs to, counted from 1970 in UTC."""
    local = datetime.fromtimestamp(quarter * QUARTER_S, UTC).astimezone(zone)
    return Hour(local.date(), local.hour, bool(local.fold) and _comes_twice(local.date(), local.hour, zone))


def days(
    quarters: Iterable[tuple[int, RunCounts]], begin: datetime, end: datetime, zone: ZoneInfo
) -> list[HeatmapDay]:
    """All days that have a part in `begin` to `end`, with what the quarters of an hour say about them.

    An hour that ends before `begin`, or begins after `end`, is one of which nothing is known.
    """
    found: dict[Hour, RunCounts] = {}
    for quarter, counts in quarters:
        cell = hour_of(quarter, zone)
        found[cell] = found.get(cell, RunCounts()).plus(counts)
    listed = []
    day = begin.astimezone(zone).date()
    while day <= (end - timedelta(microseconds=1)).astimezone(zone).date():
        total = RunCounts()
        hours: list[list[RunCounts | None]] = []
        for hour in range(_HOURS):
            hours.append([])
            for again in _times(day, hour, zone):
                first = _begin(day, hour, again, zone)
                came = first < end and first + timedelta(hours=1) > begin
                counts = found.get(Hour(day, hour, again), RunCounts())
                hours[-1].append(counts if came or counts.runs else None)
                total = total.plus(counts)
        listed.append(HeatmapDay(day, hours, total))
        day += timedelta(days=1)
    return listed


def bounds(values: Iterable[int]) -> list[int]:
    """The least value of each level, for a picture with these values; fewer levels where there are few values."""
    most = max(values, default=0)
    found = [max(1, -(-most * level // LEVELS)) for level in range(LEVELS)]
    found[0] = 1
    return sorted({least for least in found if least <= most})


def level(value: int, least_of: list[int]) -> int:
    """How dark a value is: 0 for nothing, else from 1 on; whatever is not nothing is seen."""
    return sum(value >= least for least in least_of)


def _times(day: date, hour: int, zone: ZoneInfo) -> list[bool]:
    """How often an hour comes on a day: not at all, once ([False]), or again ([False, True])."""
    if _comes_twice(day, hour, zone):
        return [False, True]
    return [False] if any(_exists(day, hour, minute, zone) for minute in (0, 15, 30, 45)) else []


def _begin(day: date, hour: int, again: bool, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=zone).replace(fold=int(again)).astimezone(UTC)


def _comes_twice(day: date, hour: int, zone: ZoneInfo) -> bool:
    """Whether all of it is there twice; the half hour of Lord Howe Island only makes an hour longer."""
    walls = [datetime.combine(day, time(hour, minute), tzinfo=zone) for minute in (0, 45)]
    return all(
        wall.utcoffset() != wall.replace(fold=1).utcoffset() and _exists(day, hour, wall.minute, zone)
        for wall in walls
    )


def _exists(day: date, hour: int, minute: int, zone: ZoneInfo) -> bool:
    wall = datetime.combine(day, time(hour, minute), tzinfo=zone)
    return wall.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None)

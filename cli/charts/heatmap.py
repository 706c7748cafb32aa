"""Days by hours: the cell to which a moment belongs, and how dark it is. Pure: it uses no clock and no file.

A cell is an hour as the clocks of a zone show it. On the day on which clocks go forward, one hour is missing. On the
day on which they go back, one hour comes twice, and the two are separate cells.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Literal, NamedTuple

from projections.reports.runs_by_quarter import QUARTER_S

What = Literal["runs", "failures", "duration"]

LEVELS = 4
_HOURS = 24


class RunCounts(NamedTuple):
    """Counts of the runs that started in some period.

    Attributes:
        runs: how many runs started.
        failures: how many of them failed, timed out or were lost.
        timed: how many of them have ended with a known duration.
        duration_ms: the sum of these durations.
    """

    runs: int = 0
    failures: int = 0
    timed: int = 0
    duration_ms: int = 0

    def plus(self, other: RunCounts) -> RunCounts:
        """The sum of both."""
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
    """An hour as clocks show it; `again` marks the second one of an hour that comes twice."""

    day: date
    hour: int
    again: bool = False


class HeatmapDay(NamedTuple):
    """One line of the heatmap.

    Attributes:
        day: the date.
        hours: for each of the 24 hours, a list of its counts: empty if clocks skipped the hour, two counts if it came
            twice; None instead of counts if nothing can be known, as for an hour in the future.
        total: the sum of all counts.
    """

    day: date
    hours: list[list[RunCounts | None]]
    total: RunCounts

    @property
    def length_h(self) -> int:
        """How many hours the day has: 24, or for example 23 or 25 if clocks were changed."""
        return sum(map(len, self.hours))


def hour_of(quarter: int, zone: tzinfo) -> Hour:
    """The hour, as clocks show it, to which a quarter of an hour belongs; quarters are counted from 1970 in UTC."""
    local = datetime.fromtimestamp(quarter * QUARTER_S, UTC).astimezone(zone)
    return Hour(local.date(), local.hour, bool(local.fold) and _comes_twice(local.date(), local.hour, zone))


def days(
    quarters: Iterable[tuple[int, RunCounts]], begin: datetime, end: datetime, zone: tzinfo
) -> list[HeatmapDay]:
    """All days that overlap `begin` to `end`, with the counts of their quarters of an hour.

    Nothing is known about an hour that ends before `begin` or begins after `end`.
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
    """The least value of each level, for a heatmap with these values; small values make fewer levels."""
    most = max(values, default=0)
    found = [max(1, -(-most * level // LEVELS)) for level in range(LEVELS)]
    found[0] = 1
    return sorted({least for least in found if least <= most})


def level(value: int, least_of: list[int]) -> int:
    """How dark a value is: 0 for the value 0, else at least 1, so that every other value is visible."""
    return sum(value >= least for least in least_of)


def _times(day: date, hour: int, zone: tzinfo) -> list[bool]:
    """The `again` of each occurrence of an hour on a day: none, one ([False]) or two ([False, True])."""
    if _comes_twice(day, hour, zone):
        return [False, True]
    return [False] if any(_exists(day, hour, minute, zone) for minute in (0, 15, 30, 45)) else []


def _begin(day: date, hour: int, again: bool, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(hour), tzinfo=zone).replace(fold=int(again)).astimezone(UTC)


def _comes_twice(day: date, hour: int, zone: tzinfo) -> bool:
    """Whether the whole hour comes twice; the half hour of Lord Howe Island only makes an hour longer."""
    walls = [datetime.combine(day, time(hour, minute), tzinfo=zone) for minute in (0, 45)]
    return all(
        wall.utcoffset() != wall.replace(fold=1).utcoffset() and _exists(day, hour, wall.minute, zone)
        for wall in walls
    )


def _exists(day: date, hour: int, minute: int, zone: tzinfo) -> bool:
    wall = datetime.combine(day, time(hour, minute), tzinfo=zone)
    return wall.astimezone(UTC).astimezone(zone).replace(tzinfo=None) == wall.replace(tzinfo=None)

"""The time axis: columns of equal length, and labels at round times. Pure arithmetic.

Instants are microseconds since 1970 in UTC. The length of a column is round (20 min, not 25 min 16 s), and columns
begin where the clocks of the zone show a multiple of it.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import NamedTuple

SECOND_US = 1_000_000
DAY_S = 86_400
_LENGTHS_S = (
    *(1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30),
    *(60 * n for n in (1, 2, 3, 4, 5, 6, 8, 10, 12, 15, 20, 24, 30, 40, 45)),
    *(3_600 * n for n in (1, 2, 3, 4, 6, 8, 12)),
    *(DAY_S * n for n in (1, 2, 3, 4, 7, 14, 28, 56, 91, 182, 364, 728, 1_820, 3_640)),
)
_TICKS_S = (
    *(5, 10, 15, 30, 60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 14_400, 21_600, 43_200),
    *(DAY_S * n for n in (1, 2, 7, 14, 28, 56, 91, 182, 364, 728, 1_820, 3_640, 7_280)),
)
_GAP = 2
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Tick(NamedTuple):
    """A round time: the column in which it lies, and its label."""

    column: int
    label: str


class Axis(NamedTuple):
    """Columns of time.

    Attributes:
        begin_us: where the first column begins.
        column_us: how long each column is.
        columns: how many columns there are.
    """

    begin_us: int
    column_us: int
    columns: int

    @property
    def end_us(self) -> int:
        """Where the last column ends."""
        return self.begin_us + self.columns * self.column_us

    def column_of(self, instant_us: int) -> int:
        """The column in which an instant lies; the first or the last for an instant outside the axis."""
        return min(max((instant_us - self.begin_us) // self.column_us, 0), self.columns - 1)

    def stretch(self, first_us: int, end_us: int) -> tuple[int, int]:
        """First and last column of the time from `first_us` up to but not including `end_us`."""
        return self.column_of(first_us), self.column_of(max(end_us - 1, first_us))


def axis_for(begin: datetime, end: datetime, columns_max: int, zone: tzinfo) -> Axis:
    """An axis that holds all of `begin` to `end`, with the shortest round columns that fit into `columns_max`."""
    begin_us, end_us = microseconds(begin), microseconds(end)
    for length_s in _LENGTHS_S:
        column_us = length_s * SECOND_US
        if (end_us - begin_us) > column_us * columns_max:
            continue
        first_us = _aligned(begin_us, length_s, zone)
        columns = max(1, -((first_us - end_us) // column_us))
        if columns <= columns_max:
            return Axis(first_us, column_us, columns)
    column_us = -(-(end_us - begin_us) // columns_max)
    return Axis(begin_us, column_us, columns_max)


def ticks(axis: Axis, zone: tzinfo) -> list[Tick]:
    """Round times at which columns begin, from left to right: as many as there is room for with their labels."""
    for step_s in _TICKS_S:
        if step_s * SECOND_US % axis.column_us:
            continue
        longest = _label_length(step_s)
        if step_s * SECOND_US >= (longest + _GAP) * axis.column_us:
            return _spaced([_tick(axis, instant, step_s) for instant in _round_times(axis, step_s, zone)])
    return []


def microseconds(instant: datetime) -> int:
    """An aware instant as microseconds since 1970."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


def instant_of(instant_us: int) -> datetime:
    """The instant, in UTC, at this many microseconds since 1970."""
    return _EPOCH + timedelta(microseconds=instant_us)


def _aligned(begin_us: int, length_s: int, zone: tzinfo) -> int:
    """The last instant up to `begin_us` at which the zone's clocks show a multiple of the length."""
    local = instant_of(begin_us).astimezone(zone)
    wall_s = int((local.replace(tzinfo=UTC) - _EPOCH).total_seconds())
    return begin_us - (wall_s % length_s) * SECOND_US - local.microsecond


def _round_times(axis: Axis, step_s: int, zone: tzinfo) -> list[datetime]:
    """Instants on the axis at which the zone's clocks show a multiple of the step; both, if a time comes twice."""
    found: dict[int, datetime] = {}
    day = instant_of(axis.begin_us).astimezone(zone).date()
    last = instant_of(axis.end_us).astimezone(zone).date()
    while day <= last:
        for wall in _walls(day, step_s):
            for fold in (0, 1):
                local = wall.replace(tzinfo=zone, fold=fold)
                instant_us = microseconds(local.astimezone(UTC))
                shown = instant_of(instant_us).astimezone(zone)
                if shown.replace(tzinfo=None) == wall and axis.begin_us <= instant_us < axis.end_us:
                    found[instant_us] = shown
        day += timedelta(days=1)
    return [found[instant_us] for instant_us in sorted(found)]


def _walls(day: date, step_s: int) -> list[datetime]:
    midnight = datetime.combine(day, time())
    if step_s >= DAY_S:
        return [midnight] if day.toordinal() % (step_s // DAY_S) == 1 % (step_s // DAY_S) else []
    return [midnight + timedelta(seconds=second) for second in range(0, DAY_S, step_s)]


def _tick(axis: Axis, shown: datetime, step_s: int) -> Tick:
    if step_s > 7 * DAY_S:
        label = f"{shown:%Y-%m-%d}"
    elif step_s > 2 * DAY_S:
        label = f"{shown:%d %b}"
    elif shown.time() == time():
        label = f"{shown:%a %d}"
    else:
        label = f"{shown:%H:%M}" if step_s % 60 == 0 else f"{shown:%H:%M:%S}"
    return Tick(axis.column_of(microseconds(shown)), label)


def _label_length(step_s: int) -> int:
    return len("2026-11-23") if step_s > 7 * DAY_S else len("Mon 23") if step_s % 60 == 0 else len("12:00:00")


def _spaced(found: list[Tick]) -> list[Tick]:
    """The ticks whose label does not touch the one before: the two instants of an hour that comes twice are close."""
    kept: list[Tick] = []
    for tick in found:
        if not kept or tick.column >= kept[-1].column + len(kept[-1].label) + 1:
            kept.append(tick)
    return kept

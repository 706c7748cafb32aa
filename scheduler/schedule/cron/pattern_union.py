"""The wall-clock minutes that one or more of several patterns name; a minute that several name is one."""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby

from scheduler.schedule.cron.wall_pattern import MINUTES_OF_DAY, DayBounds, WallPattern, day_bounds

_DAYS_OF_YEAR = (1 << 366) - 1


class PatternUnion:
    """The union of patterns, counted by bits as each of them is."""

    def __init__(self, patterns: Sequence[WallPattern]) -> None:
        self._patterns = tuple(patterns)

    def next_after(self, wall_s: int) -> int | None:
        """The first match strictly later than a wall time; None past the horizon."""
        found = (pattern.next_after(wall_s) for pattern in self._patterns)
        return min((each for each in found if each is not None), default=None)

    def count(self, low_s: int, high_s: int) -> int:
        """How many matches lie in low_s <= wall < high_s."""
        bounds = day_bounds(low_s, high_s)
        total = 0
        for first_day, groups in self._days_by_minutes(bounds):
            for minutes, days in groups.items():
                total += days.bit_count() * minutes.bit_count()
                # Of the first and the last day, only what lies between the bounds counts.
                for day in {bounds.low_day, bounds.high_day}:
                    bit = day - first_day
                    if 0 <= bit < 366 and days >> bit & 1:
                        total -= (minutes & ~_within(bounds, day)).bit_count()
        return total

    def _days_by_minutes(self, bounds: DayBounds) -> Iterator[tuple[int, dict[int, int]]]:
        """For each year: its first day, and the days on which the same minutes match, by these minutes."""
        for year in zip(
            *(pattern.day_masks(bounds.low_day, bounds.high_day + 1) for pattern in self._patterns),
            strict=True,
        ):
            groups = {0: _DAYS_OF_YEAR}
            for (_, mask), pattern in zip(year, self._patterns, strict=True):
                split: dict[int, int] = {}
                for minutes, days in groups.items():
                    for together, part in ((minutes | pattern.minutes, days & mask), (minutes, days & ~mask)):
                        if part:
                            split[together] = split.get(together, 0) | part
                groups = split
            yield year[0][0], groups

    def ascending(self, low_s: int, high_s: int) -> Iterator[int]:
        """The matches in low_s <= wall < high_s, the earliest first."""
        return once(heapq.merge(*(pattern.ascending(low_s, high_s) for pattern in self._patterns)))

    def descending(self, low_s: int, high_s: int) -> Iterator[int]:
        """The matches in low_s <= wall < high_s, the latest first."""
        every = (pattern.descending(low_s, high_s) for pattern in self._patterns)
        return once(heapq.merge(*every, reverse=True))

    def any(self, low_s: int, high_s: int) -> bool:
        """Whether anything matches in low_s <= wall < high_s."""
        return any(pattern.any(low_s, high_s) for pattern in self._patterns)


def once(sorted_values: Iterable[int]) -> Iterator[int]:
    """Each of the values once; equal ones stand together."""
    return (value for value, _ in groupby(sorted_values))


def _within(bounds: DayBounds, day: int) -> int:
    """The minutes of the first or the last day that lie between the bounds, as bits."""
    low = bounds.low_minute if day == bounds.low_day else 0
    high = bounds.high_minute if day == bounds.high_day else MINUTES_OF_DAY
    return ((1 << high) - 1) & -(1 << low) if low < high else 0

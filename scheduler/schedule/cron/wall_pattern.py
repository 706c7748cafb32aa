"""Which wall-clock minutes an expression names: counting and listing by bits, stepping by croniter.

Wall time is in seconds since 1970 as if it were UTC; zones do not matter here. The minutes of a day that
match are one 1,440-bit number, and the days of a year that match are one 366-bit number. So the instants of a
year are counted in microseconds, even if there is one each minute.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date

import msgspec

from scheduler.schedule.cron.day_rule import matching_days
from scheduler.schedule.cron.stepper import is_loaded, stepper
from scheduler.schedule.cron.vocabulary import CronField, day_rule
from scheduler.schedule.schedule import HORIZON_S

MINUTES_OF_DAY = 1440
_EPOCH_ORDINAL = date(1970, 1, 1).toordinal()


class WallPattern:
    """The wall-clock minutes that five cron fields name.

    Day of month and day of week follow Vixie and Debian cron (crontab(5), and `DOM_STAR`/`DOW_STAR` in its
    source): when both are restricted, a day matches if either does; a field that begins with `*`, even
    `*/2`, is unrestricted, and then both must match.

    Attributes:
        minutes: The minutes of a matching day that match, as bits.
    """

    def __init__(
        self, minute: CronField, hour: CronField, day: CronField, month: CronField, weekday: CronField
    ):
        self._fields = (minute, hour, day, month, weekday)
        self._day_rule = day_rule(day, month, weekday)
        times = 0
        for hour_of_day in hour.values():
            times |= minute.mask << 60 * hour_of_day
        self.minutes = times
        self._times_per_day = times.bit_count()
        # croniter lacks some of the forms of days by their place, and has rules of its own for others.
        self._has_day_forms = bool(self._day_rule.day_forms or self._day_rule.weekday_forms)
        self._was_asked = False
        self._stepper: Callable[[int], int | None] | None = None

    def next_after(self, wall_s: int) -> int | None:
        """The first match strictly later than a wall time; None past the horizon.

        The first time it is looked up in the days of each year, for that is sooner done than croniter is loaded and
        given the expression: a command asks once, and so does the start of a scheduler of each of its thousands of
        jobs. Where croniter is loaded, it steps from the second time on.
        """
        if self._was_asked and self._stepper is None and is_loaded() and not self._has_day_forms:
            self._stepper = stepper(*self._fields)
        self._was_asked = True
        return self._first_after(wall_s) if self._stepper is None else self._stepper(wall_s)

    def _first_after(self, wall_s: int) -> int | None:
        return next(self.ascending(wall_s + 1, HORIZON_S), None)

    def count(self, low_s: int, high_s: int) -> int:
        """How many matches lie in low_s <= wall < high_s."""
        total = 0
        bounds = day_bounds(low_s, high_s)
        low_day, high_day = bounds.low_day, bounds.high_day
        if low_day == high_day:
            return (self._times_in(bounds.low_minute, bounds.high_minute)).bit_count() * self._matches(
                low_day
            )
        if self._matches(low_day):
            total += self._times_in(bounds.low_minute, MINUTES_OF_DAY).bit_count()
        if self._matches(high_day):
            total += self._times_in(0, bounds.high_minute).bit_count()
        days = sum(mask.bit_count() for _, mask in self.day_masks(low_day + 1, high_day))
        return total + days * self._times_per_day

    def ascending(self, low_s: int, high_s: int) -> Iterator[int]:
        """The matches in low_s <= wall < high_s, the earliest first."""
        bounds = day_bounds(low_s, high_s)
        for first_day, mask in self.day_masks(bounds.low_day, bounds.high_day + 1):
            for bit in _bits(mask):
                day = first_day + bit
                for minute in _bits(self._times_on(day, bounds)):
                    yield (day * MINUTES_OF_DAY + minute) * 60

    def descending(self, low_s: int, high_s: int) -> Iterator[int]:
        """The matches in low_s <= wall < high_s, the latest first."""
        bounds = day_bounds(low_s, high_s)
        for first_day, mask in reversed(list(self.day_masks(bounds.low_day, bounds.high_day + 1))):
            for bit in _bits_descending(mask):
                day = first_day + bit
                for minute in _bits_descending(self._times_on(day, bounds)):
                    yield (day * MINUTES_OF_DAY + minute) * 60

    def _times_on(self, day: int, bounds: DayBounds) -> int:
        """The times of a matching day; of the first and the last day, only the times between the bounds."""
        if day not in (bounds.low_day, bounds.high_day):
            return self.minutes
        return self._times_in(
            bounds.low_minute if day == bounds.low_day else 0,
            bounds.high_minute if day == bounds.high_day else MINUTES_OF_DAY,
        )

    def any(self, low_s: int, high_s: int) -> bool:
        """Whether anything matches in low_s <= wall < high_s."""
        return next(self.ascending(low_s, high_s), None) is not None

    def _times_in(self, low_minute: int, high_minute: int) -> int:
        """The matching minutes of a day, cut to low <= minute < high."""
        return self.minutes & ((1 << high_minute) - 1) & -(1 << low_minute)

    def _matches(self, day: int) -> bool:
        return any(mask for _, mask in self.day_masks(day, day + 1))

    def day_masks(self, low_day: int, high_day: int) -> Iterator[tuple[int, int]]:
        """For each year of low_day <= day < high_day: its first day, and the matching days as bits."""
        while low_day < high_day:
            year = date.fromordinal(low_day + _EPOCH_ORDINAL).year
            new_year = date(year, 1, 1).toordinal() - _EPOCH_ORDINAL
            days_in_year = 366 if _is_leap(year) else 365
            end_day = min(high_day, new_year + days_in_year)
            # 1 January 1970 was a Thursday.
            weekday = (new_year + 4) % 7
            mask = matching_days(self._day_rule, days_in_year == 366, weekday)
            yield new_year, mask & ((1 << end_day - new_year) - 1) & -(1 << low_day - new_year)
            low_day = end_day


class DayBounds(msgspec.Struct, frozen=True):
    """Day and minute of day of both ends of low <= wall < high, in days since 1970."""

    low_day: int
    low_minute: int
    high_day: int
    high_minute: int


def day_bounds(low_s: int, high_s: int) -> DayBounds:
    """Day and minute of day of both ends, moved up to whole minutes."""
    low_day, low_minute = divmod(-(-low_s // 60), MINUTES_OF_DAY)
    high_day, high_minute = divmod(-(-max(low_s, high_s) // 60), MINUTES_OF_DAY)
    return DayBounds(low_day, low_minute, high_day, high_minute)


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _bits(mask: int) -> Iterator[int]:
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest


def _bits_descending(mask: int) -> Iterator[int]:
    while mask:
        highest = mask.bit_length() - 1
        yield highest
        mask ^= 1 << highest

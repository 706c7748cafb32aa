"""Intervals of whole days that begin at a time: `every: 14d from 2026-01-05T09:00`, every other Monday at nine.

They keep the local time of day in the schedule's zone, by cron's rule for a fixed time: where clocks skip it, it
comes at the first instant after the gap, and where they show it twice, the first time only. There is no instant
before the first one.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.schedule import HORIZON_S, epoch_seconds, instant_at
from scheduler.schedule.wall_schedule import WallSchedule
from scheduler.schedule.zones import load_zone

_DAY_S = 86_400


class DayTimes:
    """One time of day on every nth day, in seconds since 1970 as if they were UTC.

    Args:
        first_s: The first of the times.
        step_s: Seconds from one to the next, whole days.
    """

    def __init__(self, first_s: int, step_s: int) -> None:
        self._first_s, self._step_s = first_s, step_s

    def next_after(self, wall_s: int) -> int | None:
        """The first of the times strictly later; None past the horizon."""
        found_s = self._range(wall_s + 1, wall_s + 1 + max(self._step_s, self._first_s - wall_s))[0]
        return found_s if found_s < HORIZON_S else None

    def count(self, low_s: int, high_s: int) -> int:
        """How many of the times lie in low_s <= wall < high_s."""
        return len(self._range(low_s, high_s))

    def ascending(self, low_s: int, high_s: int) -> Iterator[int]:
        """Those, the earliest first."""
        return iter(self._range(low_s, high_s))

    def descending(self, low_s: int, high_s: int) -> Iterator[int]:
        """Those, the latest first."""
        return reversed(self._range(low_s, high_s))

    def any(self, low_s: int, high_s: int) -> bool:
        """Whether there is one."""
        return bool(self._range(low_s, high_s))

    def _range(self, low_s: int, high_s: int) -> range:
        steps = max(0, -((self._first_s - low_s) // self._step_s))
        return range(self._first_s + steps * self._step_s, high_s, self._step_s)


class EveryDaysSchedule(WallSchedule, frozen=True):
    """One time of day on every nth day from a first one on.

    Attributes:
        zone: IANA name of the zone whose time of day is kept.
        days: Days from one instant to the next.
        first_s: What the zone's clocks show at the first instant, in seconds since 1970 as if it were UTC.
        text: The interval and its beginning as they were written; two schedules are equal without it.
    """

    days: int
    first_s: int
    text: str

    @property
    def identity(self) -> tuple[object, ...]:
        """All but how it was written."""
        return (self.zone, self.days, self.first_s)

    @property
    def fixed_time(self) -> bool:
        """True: it has one time of day."""
        return True

    @property
    def wall_times(self) -> DayTimes:
        """The time of day on its days."""
        return DayTimes(self.first_s, self.days * _DAY_S)

    @property
    def times_of_day(self) -> DayTimes:
        """The time of day on every day."""
        return DayTimes(self.first_s % _DAY_S, _DAY_S)

    def describe(self) -> str:
        """In words, such as "every 14 days at 09:00 on a Monday, from 2026-01-05"."""
        first = instant_at(self.first_s)
        pace = "every day" if self.days == 1 else f"every {self.days} days"
        time = f"{first:%H:%M:%S}" if first.second else f"{first:%H:%M}"
        weekday = f" on a {_WEEKDAYS[first.weekday()]}" if self.days % 7 == 0 else ""
        return f"{pace} at {time}{weekday}, from {first:%Y-%m-%d}"

    def source(self) -> str:
        """The interval and its beginning as they were written, after the word `every`."""
        return f"every {self.text}"


# The names do not come from `strftime`, because there they change with the locale.
_WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def every_days(days: int, begin: datetime, timezone: str, text: str) -> EveryDaysSchedule:
    """The schedule of a time of day on every nth day.

    Args:
        days: Days from one instant to the next.
        begin: The first instant.
        timezone: IANA name of the zone whose time of day is kept.
        text: The interval and its beginning as they were written.

    Raises:
        ScheduleError: Clocks show the time of the first instant for the second time then, or the zone does not exist.
    """
    shown = begin.astimezone(load_zone(timezone))
    if shown.fold:
        raise ScheduleError(
            f"clocks in {timezone} show {shown:%Y-%m-%d %H:%M} twice, and whole days take the first of the two",
            shown.replace(fold=0).isoformat(),
        )
    return EveryDaysSchedule(timezone, days, _wall_seconds(shown), text)


def _wall_seconds(shown: datetime) -> int:
    offset = shown.utcoffset()
    assert offset is not None, "a zone always knows its offset"
    return epoch_seconds(shown) + offset.days * _DAY_S + offset.seconds

"""Interval schedules: an instant every N seconds, counted from the Unix epoch and not from a restart."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache

from scheduler.schedule.duration import duration_in_words, format_duration, parse_duration
from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.schedule import HORIZON_S, Schedule, Summary, epoch_seconds, instant_at
from scheduler.schedule.zones import known_zone, unknown_zone


@dataclass(frozen=True, slots=True)
class EverySchedule(Schedule):
    """Each instant whose distance from 1970-01-01T00:00:00Z is a multiple of the interval.

    So the instants are the same on every machine and after every restart; the zone only says how they are shown.

    Attributes:
        interval_s: Seconds from one instant to the next.
        zone: IANA name of the zone in which instants are shown.
        text: The interval as it was written.
    """

    interval_s: int
    zone: str
    text: str = field(compare=False)

    def next_after(self, instant: datetime) -> datetime | None:
        """The first instant strictly later than `instant`."""
        next_s = (epoch_seconds(instant) // self.interval_s + 1) * self.interval_s
        return instant_at(next_s) if next_s < HORIZON_S else None

    def between(self, after: datetime, until: datetime, limit: int | None = None) -> Iterator[datetime]:
        """The instants x with after < x <= until, ascending, the first `limit` of them."""
        steps = self._steps(after, until)
        return (instant_at(step * self.interval_s) for step in (steps if limit is None else steps[:limit]))

    def latest(self, after: datetime, until: datetime, n: int) -> list[datetime]:
        """The last `n` of the instants x with after < x <= until, ascending."""
        steps = self._steps(after, until)
        return [instant_at(step * self.interval_s) for step in steps[max(0, len(steps) - n) :]]

    def summary(self, after: datetime, until: datetime) -> Summary:
        """First, last and count of the instants x with after < x <= until."""
        steps = self._steps(after, until)
        if not steps:
            return Summary(None, None, 0)
        first, last = (instant_at(step * self.interval_s) for step in (steps[0], steps[-1]))
        return Summary(first, last, len(steps))

    def describe(self) -> str:
        """The interval in words, such as "every 90 seconds"."""
        return f"every {duration_in_words(timedelta(seconds=self.interval_s))}"

    def source(self) -> str:
        """The interval as it was written, after the word `every`."""
        return f"every {self.text}"

    def _steps(self, after: datetime, until: datetime) -> range:
        """Which multiples of the interval lie in (after, until]."""
        until_s = min(epoch_seconds(until), HORIZON_S - 1)
        return range(epoch_seconds(after) // self.interval_s + 1, until_s // self.interval_s + 1)


@lru_cache(maxsize=4096)
def parse_every(interval: str | timedelta, timezone: str = "UTC") -> EverySchedule:
    """The schedule that runs at each multiple of an interval since the Unix epoch.

    Args:
        interval: A duration such as `90s`, `15m`, `1h30m`, or a timedelta of whole seconds; at least one.
        timezone: IANA name of the zone in which instants are shown.

    Raises:
        ScheduleError: The interval is not a duration, is shorter than a second, or the zone does not exist.

    >>> parse_every("5m").describe()
    'every 5 minutes'
    """
    if timezone != "UTC" and not known_zone(timezone):
        raise unknown_zone(timezone)
    duration = parse_duration(interval) if isinstance(interval, str) else interval
    if duration < timedelta(seconds=1):
        raise ScheduleError(f"an interval of {duration} is shorter than a second")
    if duration.microseconds:
        raise ScheduleError(f"an interval of {duration} is not a whole number of seconds")
    text = interval if isinstance(interval, str) else format_duration(duration)
    return EverySchedule(duration.days * 86_400 + duration.seconds, timezone, text)

"""Interval schedules: an instant every N seconds, counted from the Unix epoch and not from a restart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from scheduler.schedule.at import parse_at
from scheduler.schedule.duration import duration_in_words, format_duration, parse_duration
from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.every_days import EveryDaysSchedule, every_days
from scheduler.schedule.schedule import HORIZON_S, Schedule, Summary, epoch_seconds, instant_at
from scheduler.schedule.zones import known_zone, load_zone, unknown_zone

_DAY_S = 86_400
_BEGINNING = re.compile(r"(?P<interval>.*?)[ \t]*\bfrom\b[ \t]*(?P<first>.*)")
_WHOLE_DAYS = re.compile(r"[0-9]+d")


class EverySchedule(Schedule, frozen=True):
    """Each instant whose distance from 1970-01-01T00:00:00Z is a multiple of the interval; or from a first instant.

    So the instants are the same on every machine and after every restart; the zone only says how they are shown.

    Attributes:
        zone: IANA name of the zone in which instants are shown.
        interval_s: Seconds from one instant to the next.
        text: The interval as it was written, and its beginning if there is one; two schedules are equal without it.
        first_s: The first instant, in seconds since 1970; None: there is none, and distances count from 1970.
    """

    interval_s: int
    text: str
    first_s: int | None = None

    @property
    def identity(self) -> tuple[object, ...]:
        """All but how it was written."""
        return (self.zone, self.interval_s, self.first_s)

    def next_after(self, instant: datetime) -> datetime | None:
        """The first instant strictly later than `instant`."""
        next_s = self._instant_s(self._step_after(epoch_seconds(instant)))
        return instant_at(next_s) if next_s < HORIZON_S else None

    def between(self, after: datetime, until: datetime, limit: int | None = None) -> Iterator[datetime]:
        """The instants x with after < x <= until, ascending, the first `limit` of them."""
        steps = self._steps(after, until)
        return (instant_at(self._instant_s(step)) for step in (steps if limit is None else steps[:limit]))

    def latest(self, after: datetime, until: datetime, n: int) -> list[datetime]:
        """The last `n` of the instants x with after < x <= until, ascending."""
        steps = self._steps(after, until)
        return [instant_at(self._instant_s(step)) for step in steps[max(0, len(steps) - n) :]]

    def summary(self, after: datetime, until: datetime) -> Summary:
        """First, last and count of the instants x with after < x <= until."""
        steps = self._steps(after, until)
        if not steps:
            return Summary(None, None, 0)
        first, last = (instant_at(self._instant_s(step)) for step in (steps[0], steps[-1]))
        return Summary(first, last, len(steps))

    def describe(self) -> str:
        """The interval in words, such as "every 90 seconds"."""
        pace = f"every {duration_in_words(timedelta(seconds=self.interval_s))}"
        if self.first_s is None:
            return pace
        if self.interval_s >= _DAY_S:
            # This is elapsed time: "every day" would be taken for a time of day.
            hours, rest_s = divmod(self.interval_s, 3_600)
            rest = f" {duration_in_words(timedelta(seconds=rest_s))}" if rest_s else ""
            pace = f"every {hours} hours{rest}"
        first = instant_at(self.first_s).astimezone(load_zone(self.zone))
        return f"{pace} from {first:{'%Y-%m-%d %H:%M:%S' if first.second else '%Y-%m-%d %H:%M'}} {self.zone}"

    def source(self) -> str:
        """The interval as it was written, after the word `every`."""
        return f"every {self.text}"

    def _steps(self, after: datetime, until: datetime) -> range:
        """Which multiples of the interval lie in (after, until]."""
        until_s = min(epoch_seconds(until), HORIZON_S - 1)
        end = (until_s - (self.first_s or 0)) // self.interval_s + 1
        return range(self._step_after(epoch_seconds(after)), end)

    def _step_after(self, after_s: int) -> int:
        """The first multiple of the interval after a time."""
        step = (after_s - (self.first_s or 0)) // self.interval_s + 1
        return step if self.first_s is None else max(step, 0)

    def _instant_s(self, step: int) -> int:
        return (self.first_s or 0) + step * self.interval_s


@lru_cache(maxsize=4096)
def parse_every(interval: str | timedelta, timezone: str = "UTC") -> EverySchedule | EveryDaysSchedule:
    """The schedule that runs at each multiple of an interval since the Unix epoch, or from a time on.

    Args:
        interval: A duration such as `90s`, `15m`, `1h30m`, or a timedelta of whole seconds; at least one. With a
            beginning, `14d from 2026-01-05T09:00`, whole days keep the local time of day; what has hours, minutes or
            seconds, even `24h`, is elapsed time.
        timezone: IANA name of the zone in which instants are shown, and a beginning is read.

    Raises:
        ScheduleError: The interval is not a duration, is shorter than a second, or the zone does not exist.

    >>> parse_every("5m").describe()
    'every 5 minutes'
    """
    if timezone != "UTC" and not known_zone(timezone):
        raise unknown_zone(timezone)
    if isinstance(interval, str) and (found := _BEGINNING.fullmatch(interval)):
        return _with_beginning(interval, found, timezone)
    duration = parse_duration(interval) if isinstance(interval, str) else interval
    if duration < timedelta(seconds=1):
        raise ScheduleError(f"an interval of {duration} is shorter than a second")
    if duration.microseconds:
        raise ScheduleError(f"an interval of {duration} is not a whole number of seconds")
    text = interval if isinstance(interval, str) else format_duration(duration)
    return EverySchedule(timezone, duration.days * _DAY_S + duration.seconds, text)


def _with_beginning(text: str, found: re.Match[str], timezone: str) -> EverySchedule | EveryDaysSchedule:
    """The schedule of an interval that begins at a time: elapsed time, or whole days that keep the time of day."""
    interval, first, column = found["interval"].strip(" \t"), found["first"], found.start("first")
    try:
        length = parse_duration(interval)
    except ScheduleError as error:
        suggestion = error.suggestion and f"{error.suggestion} from {first}"
        raise ScheduleError(error.reason, suggestion, token=interval or text) from None
    try:
        begin = parse_at(first, timezone).instant
        if _WHOLE_DAYS.fullmatch(interval):
            return every_days(length.days, begin, timezone, text)
    except ScheduleError as error:
        suggestion = error.suggestion and f"{interval} from {error.suggestion}"
        raise ScheduleError(
            error.reason, suggestion, token=first or text, column=column if first else 0
        ) from None
    return EverySchedule(timezone, length.days * _DAY_S + length.seconds, text, epoch_seconds(begin))

"""Cron schedules: wall-clock minutes in a time zone, with daylight saving as in Debian cron.

Debian cron's rule (cron(8), on daylight saving and other time changes; cronie has the same) distinguishes two sorts
of jobs:

- A job with `*` at the beginning of its minute or hour field runs at intervals and follows elapsed time. If an hour
  is skipped, it does not run later instead. If an hour comes twice, it runs in both.
- Any other job has a fixed time. If that time is skipped, the job runs once, at the first instant after the gap; all
  of its times in one gap become that one instant. If its time comes twice, it runs the first time only.

Two things differ. Debian cron starts a job once for each of its times in a gap, one after another; here an
instant is settled once, so these times coincide. And Debian cron takes changes of three hours or more for a
correction of the clock, and does not apply the rule; here a zone's own changes are known, so the rule also holds for
the day that Pacific/Apia left out in 2011.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from scheduler.schedule.cron.expression import read_expression
from scheduler.schedule.cron.vocabulary import CronFields
from scheduler.schedule.cron.wall_pattern import WallPattern
from scheduler.schedule.offsets import Stretch, stretches
from scheduler.schedule.schedule import HORIZON_S, Schedule, Summary, epoch_seconds, instant_at
from scheduler.schedule.zones import known_zone, unknown_zone


class _Piece(NamedTuple):
    """What a schedule makes of one stretch of constant offset.

    Attributes:
        made_up_s: The first instant after a gap, if skipped times run there; UTC.
        low_s: Beginning of the wall times that count.
        high_s: End of the wall times that count, not included.
        offset_s: What to subtract from a wall time to get UTC.
    """

    made_up_s: int | None
    low_s: int
    high_s: int
    offset_s: int


@dataclass(frozen=True, slots=True)
class CronSchedule(Schedule):
    """A cron expression read in a time zone; two schedules are equal if their expressions and zones are.

    >>> parse_cron("30 2 * * *", "Europe/Paris").describe()
    'every day at 02:30'
    """

    expression: str
    zone: str
    fields: CronFields = field(compare=False, repr=False)

    @property
    def fixed_time(self) -> bool:
        """Whether neither minute nor hour begins with `*`: such a job runs once for each time of day."""
        return not (self.fields.minute.starred or self.fields.hour.starred)

    def next_after(self, instant: datetime) -> datetime | None:
        """The first instant strictly later than `instant`; None when there is none before the year 9998."""
        from_s = epoch_seconds(instant) + 1
        pattern = _pattern(self)
        wall_s, wall_valid_from_s = -1, 0
        for stretch in stretches(self.zone, from_s, HORIZON_S):
            piece = self._piece(pattern, stretch, from_s, stretch.end_s)
            if piece.made_up_s is not None:
                return instant_at(piece.made_up_s)
            if not wall_valid_from_s <= piece.low_s <= wall_s:
                found_s = pattern.next_after(piece.low_s - 1)
                if found_s is None:
                    return None
                wall_s, wall_valid_from_s = found_s, piece.low_s
            if wall_s < piece.high_s:
                return instant_at(wall_s - piece.offset_s)
        return None

    def between(self, after: datetime, until: datetime, limit: int | None = None) -> Iterator[datetime]:
        """The instants x with after < x <= until, ascending, the first `limit` of them."""
        return map(instant_at, islice(self._ascending(*_bounds(after, until)), limit))

    def latest(self, after: datetime, until: datetime, n: int) -> list[datetime]:
        """The last `n` of the instants x with after < x <= until, ascending."""
        found = list(islice(self._descending(*_bounds(after, until)), n))
        return [instant_at(seconds) for seconds in reversed(found)]

    def summary(self, after: datetime, until: datetime) -> Summary:
        """First, last and count of the instants x with after < x <= until.

        The answer is remembered, so that jobs that share an expression and a stretch share the work.
        """
        return _summary(self, *_bounds(after, until))

    def describe(self) -> str:
        """The schedule in words."""
        from scheduler.schedule.cron.words import describe_cron

        return describe_cron(self.fields)

    def source(self) -> str:
        """The expression as it was written."""
        return self.expression

    def _ascending(self, low_s: int, high_s: int) -> Iterator[int]:
        pattern = _pattern(self)
        for stretch in stretches(self.zone, low_s, high_s):
            piece = self._piece(pattern, stretch, low_s, high_s)
            if piece.made_up_s is not None:
                yield piece.made_up_s
            for wall_s in pattern.ascending(piece.low_s, piece.high_s):
                yield wall_s - piece.offset_s

    def _descending(self, low_s: int, high_s: int) -> Iterator[int]:
        pattern = _pattern(self)
        for stretch in stretches(self.zone, low_s, high_s, latest_first=True):
            piece = self._piece(pattern, stretch, low_s, high_s)
            for wall_s in pattern.descending(piece.low_s, piece.high_s):
                yield wall_s - piece.offset_s
            if piece.made_up_s is not None:
                yield piece.made_up_s

    def _piece(self, pattern: WallPattern, stretch: Stretch, low_s: int, high_s: int) -> _Piece:
        """The daylight-saving rule: which wall times of a stretch count, cut to low_s <= utc < high_s."""
        wall_low_s = max(stretch.start_s, low_s) + stretch.offset_s
        wall_high_s = min(stretch.end_s, high_s) + stretch.offset_s
        made_up_s = None
        if self.fixed_time:
            begin_s = stretch.start_s + stretch.offset_s
            if stretch.start_s >= low_s and pattern.any(stretch.wall_seen_s, begin_s):
                made_up_s = stretch.start_s
                # If the schedule also has a time at that very instant, both are one instant.
                wall_low_s = begin_s + 1
            wall_low_s = max(wall_low_s, stretch.wall_seen_s)
        return _Piece(made_up_s, wall_low_s, max(wall_low_s, wall_high_s), stretch.offset_s)


@lru_cache(maxsize=16_384)
def parse_cron(expression: str, timezone: str = "UTC") -> CronSchedule:
    """The schedule that a cron expression means in a time zone; equal arguments give the same object.

    Args:
        expression: Five fields (minute, hour, day of month, month, day of week), or one of `@yearly`,
            `@annually`, `@monthly`, `@weekly`, `@daily`, `@midnight`, `@hourly`.
        timezone: IANA name of the zone in which the expression is read.

    Raises:
        ScheduleError: The expression is no cron expression or never comes, or the zone does not exist.

    >>> parse_cron("0 2 * * *").source()
    '0 2 * * *'
    """
    if timezone != "UTC" and not known_zone(timezone):
        raise unknown_zone(timezone)
    text = expression.strip(" \t")
    return CronSchedule(text, timezone, read_expression(expression, timezone))


@lru_cache(maxsize=4096)
def _pattern(schedule: CronSchedule) -> WallPattern:
    return WallPattern(*schedule.fields)


@lru_cache(maxsize=4096)
def _summary(schedule: CronSchedule, low_s: int, high_s: int) -> Summary:
    first_s = next(schedule._ascending(low_s, high_s), None)  # noqa: SLF001 -- the cached half of `summary`
    if first_s is None:
        return Summary(None, None, 0)
    last_s = next(schedule._descending(low_s, high_s), first_s)  # noqa: SLF001
    pattern = _pattern(schedule)
    count = 0
    for stretch in stretches(schedule.zone, low_s, high_s):
        piece = schedule._piece(pattern, stretch, low_s, high_s)  # noqa: SLF001
        count += (piece.made_up_s is not None) + pattern.count(piece.low_s, piece.high_s)
    return Summary(instant_at(first_s), instant_at(last_s), count)


def _bounds(after: datetime, until: datetime) -> tuple[int, int]:
    """`(after, until]` as whole seconds low <= x < high."""
    return epoch_seconds(after) + 1, epoch_seconds(until) + 1

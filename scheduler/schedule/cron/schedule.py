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

from functools import lru_cache

from scheduler.schedule.cron.expression import read_expression
from scheduler.schedule.cron.vocabulary import CronField, CronFields
from scheduler.schedule.cron.wall_pattern import WallPattern
from scheduler.schedule.wall_schedule import WallSchedule
from scheduler.schedule.zones import known_zone, unknown_zone


class CronSchedule(WallSchedule, frozen=True):
    """A cron expression read in a time zone; two schedules are equal if their expressions and zones are.

    >>> parse_cron("30 2 * * *", "Europe/Paris").describe()
    'every day at 02:30'
    """

    expression: str
    fields: CronFields

    @property
    def identity(self) -> tuple[object, ...]:
        """The expression and the zone: what the fields are follows from them."""
        return (self.expression, self.zone)

    @property
    def fixed_time(self) -> bool:
        """Whether neither minute nor hour begins with `*`: such a job runs once for each time of day."""
        return not (self.fields.minute.starred or self.fields.hour.starred)

    @property
    def wall_times(self) -> WallPattern:
        """The minutes that the fields name."""
        return _pattern(self)

    @property
    def times_of_day(self) -> WallPattern:
        """The minutes of a day that the first two fields name, on every day."""
        full = CronField("*", True, 0xFFFFFFFF, ())
        return WallPattern(self.fields.minute, self.fields.hour, full, full, full)

    def describe(self) -> str:
        """The schedule in words."""
        from scheduler.schedule.cron.words import describe_cron

        return describe_cron(self.fields)

    def source(self) -> str:
        """The expression as it was written."""
        return self.expression


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
    return CronSchedule(timezone, text, read_expression(expression, timezone))


@lru_cache(maxsize=4096)
def _pattern(schedule: CronSchedule) -> WallPattern:
    return WallPattern(*schedule.fields)

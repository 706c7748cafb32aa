"""Minutes at which many jobs start: people write midnight and the full hour, and then everything comes at once.

The minutes of a week are the bits of a number for each job. How many jobs have each of them is counted for all
minutes at once: such numbers are added bit by bit, and each digit of the sums is such a number again.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Final, NamedTuple

from scheduler.configuration.model import ConfigLint, ConfiguredJob
from scheduler.definition import JobDefinition
from scheduler.rules.job_schedule import every_day_schedule_of
from scheduler.schedule.cron.schedule import CronSchedule
from scheduler.schedule.cron.several import SeveralSchedules
from scheduler.schedule.every import EverySchedule
from scheduler.schedule.schedule import Schedule

MANY: Final = 20
"""So many jobs at one minute are remarked on: fewer start within moments, on any machine."""
_HOUR: Final = 60
_DAY: Final = 24 * _HOUR
_WEEK: Final = 7 * _DAY
_DAYS: Final = ("Sundays", "Mondays", "Tuesdays", "Wednesdays", "Thursdays", "Fridays", "Saturdays")
_ALL_DAYS_OF_MONTH: Final = 31
_ALL_MONTHS: Final = 12


class BusyMinute(NamedTuple):
    """The minute of a week, counted from Sunday, at which most jobs start: how many, and on how many days."""

    minute: int
    jobs: int
    days: int


def busy_minute_lints(jobs: Mapping[str, ConfiguredJob], max_parallel: int) -> Iterator[ConfigLint]:
    """Of the busiest minute of each zone, if it has many jobs.

    Args:
        jobs: the jobs of a config.
        max_parallel: so many runs at most are running at once.
    """
    by_zone: dict[str, list[tuple[ConfiguredJob, int]]] = {}
    for job in jobs.values():
        definition = job.definition
        if definition.enabled and definition.has_times and definition.jitter_ms is None:
            for zone, minutes in _minutes(definition).items():
                by_zone.setdefault(zone, []).append((job, minutes))
    for zone, found in by_zone.items():
        if len(found) < MANY:
            continue
        busy = busiest(minutes for _, minutes in found)
        if busy.jobs < MANY:
            continue
        # Of those that start then, the one that starts most seldom: one of each minute starts at any.
        there = [(minutes.bit_count(), job) for job, minutes in found if minutes >> busy.minute & 1]
        _, first = min(there, key=lambda each: each[0])
        day, minute = divmod(busy.minute, _DAY)
        when = {1: f"on {_DAYS[day]}", 7: "every day"}.get(busy.days, f"on {busy.days} days of the week")
        waits = (
            f"at most {max_parallel} runs are running at once, so the others wait, and "
            if busy.jobs > max_parallel
            else ""
        )
        told = (
            f"{busy.jobs} jobs start at {minute // _HOUR:02}:{minute % _HOUR:02} {when} ({zone}): "
            f"{waits}jitter spreads those that need not be on the minute"
        )
        yield ConfigLint(*first.timing_place, "", "busy-minute", told, first.file)


def busiest(weeks: Iterable[int]) -> BusyMinute:
    """The first of the minutes that most of these weeks have."""
    digits: list[int] = []
    for week in weeks:
        carry = week
        for place, digit in enumerate(digits):
            if not carry:
                break
            digits[place], carry = digit ^ carry, digit & carry
        if carry:
            digits.append(carry)
    most, jobs = (1 << _WEEK) - 1, 0
    for place in reversed(range(len(digits))):
        if most & digits[place]:
            most &= digits[place]
            jobs |= 1 << place
    minute = (most & -most).bit_length() - 1
    days = sum(most >> (minute % _DAY + day * _DAY) & 1 for day in range(7))
    return BusyMinute(minute, jobs, days)


def _minutes(definition: JobDefinition) -> dict[str, int]:
    """The minutes of a week at which a job starts, by the zone in which they are counted.

    Days of the month and months are left out: what comes on some days only is no part of what comes each week.
    """
    found: dict[str, int] = {}
    schedule = every_day_schedule_of(definition)
    for each in schedule.members if isinstance(schedule, SeveralSchedules) else [schedule]:
        zone, minutes = _of(each)
        if minutes:
            found[zone] = found.get(zone, 0) | minutes
    return found


@lru_cache(maxsize=1_024)
def _of(schedule: Schedule) -> tuple[str, int]:
    if isinstance(schedule, EverySchedule):
        return "UTC", _of_interval(schedule)
    if isinstance(schedule, CronSchedule):
        return schedule.zone, _of_cron(schedule)
    return "", 0


def _of_interval(schedule: EverySchedule) -> int:
    """Of one that has the same minutes each day."""
    interval_min, rest_s = divmod(schedule.interval_s, 60)
    if schedule.first_s is not None or rest_s or _DAY % interval_min:
        return 0
    return _sum_of_powers(range(0, _WEEK, interval_min))


def _of_cron(schedule: CronSchedule) -> int:
    fields = schedule.fields
    if fields.day.forms or fields.weekday.forms:
        return 0
    if fields.day.mask.bit_count() < _ALL_DAYS_OF_MONTH or fields.month.mask.bit_count() < _ALL_MONTHS:
        return 0
    day = sum(fields.minute.mask << hour * _HOUR for hour in fields.hour.values())
    return sum(day << number * _DAY for number in fields.weekday.values())


def _sum_of_powers(places: range) -> int:
    return sum(1 << place for place in places)

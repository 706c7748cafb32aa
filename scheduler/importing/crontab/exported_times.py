"""When a job runs, as entries of a crontab say it; each way of saying it is tried against the job's own instants."""

from __future__ import annotations

import heapq
from datetime import datetime
from itertools import islice, takewhile
from typing import NamedTuple

from scheduler.definition import JobDefinition
from scheduler.importing.crontab.dialect import Dialect
from scheduler.importing.crontab.fields import BadTimes, read_times
from scheduler.importing.crontab.instants import CrontabInstants
from scheduler.importing.proof import COMPARED
from scheduler.rules.job_schedule import schedule_of
from scheduler.schedule.cron.vocabulary import ALIASES
from scheduler.schedule.every import EverySchedule
from scheduler.schedule.every_days import EveryDaysSchedule
from scheduler.schedule.uncomputed import REBOOT
from scheduler.schedule.zones import load_zone

_MINUTE_S, _HOUR_S, _DAY_S, _WEEK_S = 60, 3_600, 86_400, 604_800
_THURSDAY = 4
"""On which 1970 began."""


class Unsayable(Exception):
    """No crontab says when a job runs, or what; the message says why."""


class EntryTimes(NamedTuple):
    """When entries run.

    Attributes:
        written: five fields or an `@` word, one for each entry.
        zone: in which they are read; empty where that does not matter.
    """

    written: tuple[str, ...]
    zone: str


def times_of(definition: JobDefinition, dialect: Dialect, zone: str, now: datetime) -> EntryTimes:
    """The times of a job as a crontab has them.

    Args:
        definition: of the job.
        dialect: whose crontab it is; only cronie's names a zone.
        zone: that of the machine, in which a crontab without `CRON_TZ` is read.
        now: later instants are compared.

    Raises:
        Unsayable: no crontab says so.
    """
    if definition.at_reboot:
        return EntryTimes((REBOOT,), "")
    if definition.on_demand:
        raise Unsayable("it runs only when it is asked for")
    if definition.follows:
        raise Unsayable(f"it runs after {', '.join(definition.follows)}")
    if definition.at is not None:
        raise Unsayable("it runs once, and a crontab has no years")
    if definition.calendars is not None:
        raise Unsayable("it runs on the days of calendars")
    own = _written(definition)
    read_in = own.zone if dialect == "cronie" else zone
    if _same(definition, own.written, read_in, dialect, now):
        return EntryTimes(own.written, read_in)
    if dialect == "debian" and own.zone != zone and _same(definition, own.written, own.zone, dialect, now):
        raise Unsayable(f"its times are those of {own.zone}, and Debian's cron reads all in {zone}")
    raise Unsayable(f"no crontab says {schedule_of(definition).source()}")


def _written(definition: JobDefinition) -> EntryTimes:
    """The times as they might stand in a crontab."""
    schedule = schedule_of(definition)
    if isinstance(schedule, EveryDaysSchedule):
        minute, hour = schedule.first_s // _MINUTE_S % 60, schedule.first_s // _HOUR_S % 24
        weekday = (schedule.first_s // _DAY_S + _THURSDAY) % 7
        if schedule.days not in (1, 7) or schedule.first_s % _MINUTE_S:
            raise Unsayable(f"no crontab says {schedule.source()}")
        days = "* * *" if schedule.days == 1 else f"* * {weekday}"
        return EntryTimes((f"{minute} {hour} {days}",), definition.timezone)
    if isinstance(schedule, EverySchedule):
        return EntryTimes((_interval(schedule),), "UTC")
    expressions = definition.schedules or (definition.schedule or "",)
    return EntryTimes(tuple(_lower_alias(each.strip()) for each in expressions), definition.timezone)


def _lower_alias(expression: str) -> str:
    return expression.lower() if expression.lower() in ALIASES else " ".join(expression.split())


def _interval(schedule: EverySchedule) -> str:
    """An interval as fields in UTC, if it divides an hour, a day or a week."""
    step, first = schedule.interval_s, schedule.first_s or 0
    if step % _MINUTE_S or first % _MINUTE_S:
        raise Unsayable(f"{schedule.source()} is no whole minute")
    minute, hour = first // _MINUTE_S % 60, first // _HOUR_S % 24
    if _HOUR_S % step == 0:
        return f"{_paced(first // _MINUTE_S, step // _MINUTE_S, 60)} * * * *"
    if _DAY_S % step == 0 and step % _HOUR_S == 0:
        return f"{minute} {_paced(first // _HOUR_S, step // _HOUR_S, 24)} * * *"
    if step == _WEEK_S:
        return f"{minute} {hour} * * {(first // _DAY_S + _THURSDAY) % 7}"
    raise Unsayable(f"{schedule.source()} divides no hour, day or week")


def _paced(first: int, step: int, whole: int) -> str:
    """A field of every `step`th value from `first` on, which divides `whole`."""
    begin = first % step
    if step == whole:
        return str(begin)
    return f"{begin}-{whole - 1}/{step}" if begin else "*" if step == 1 else f"*/{step}"


def _same(
    definition: JobDefinition, written: tuple[str, ...], zone: str, dialect: Dialect, now: datetime
) -> bool:
    """Whether cron, by its own rules, would run entries at the next instants of a job, jitter left aside.

    Raises:
        Unsayable: it would run two of them at once.
    """
    try:
        times = [read_times(f"{each} x", dialect)[0] for each in written]
    except BadTimes:
        return False
    if not all(
        field.values and not field.skipped and not field.drawn for each in times for field in each.fields
    ):
        return False
    sources = [CrontabInstants(each, load_zone(zone)) for each in times]
    until = min(source.reach(now) for source in sources)
    every = heapq.merge(*(source.after(now) for source in sources))
    theirs = list(islice(takewhile(lambda each: each <= until, every), COMPARED))
    if len(set(theirs)) < len(theirs):
        raise Unsayable("two of its expressions have times in common, and cron would run it twice then")
    nominal = JobDefinition(
        name=definition.name,
        schedule=definition.schedule,
        schedules=definition.schedules,
        every=definition.every,
        timezone=definition.timezone,
    )
    return theirs == list(schedule_of(nominal).between(now, until, COMPARED))

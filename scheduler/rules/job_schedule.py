"""From a definition to its schedule, and from an instant to the local time in a job's zone."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from scheduler.definition import CalendarDigests, JobDefinition
from scheduler.schedule.expression import parse_expression
from scheduler.schedule.schedule import Schedule, Summary
from scheduler.schedule.zones import load_zone

if TYPE_CHECKING:
    from scheduler.schedule.calendars.calendar_days import DayRule


def schedule_of(definition: JobDefinition) -> Schedule:
    """The job's schedule; jobs with the same timing share one.

    Raises:
        UnknownDays: it has calendars whose days nobody has read: a `calendar.defined` before it holds them.
    """
    return _schedule(*definition.timing())


def source_of(definition: JobDefinition) -> str:
    """When the job runs, as it was written."""
    if definition.follows:
        return f"after {', '.join(definition.follows)}"
    return schedule_of(definition).source()


def every_day_schedule_of(definition: JobDefinition) -> Schedule:
    """The same without its calendars: also what they exclude."""
    return _schedule(*definition.timing()[:-1], None)


def excluded(definition: JobDefinition, after: datetime, until: datetime) -> Summary:
    """First, last and count of the instants x with after < x <= until that calendars exclude."""
    schedule = schedule_of(definition) if definition.calendars is not None else None
    offset = timedelta(0)
    if schedule is not None and definition.jitter_offset_ms:
        from scheduler.schedule.jitter import JitteredSchedule

        assert isinstance(schedule, JitteredSchedule), "an offset is that of jitter"
        offset, schedule = schedule.offset, schedule.nominal
    if schedule is None or after >= until:
        return Summary(None, None, 0)
    from scheduler.schedule.calendars.by_days import SomeDaysSchedule

    assert isinstance(schedule, SomeDaysSchedule), "calendars choose days"
    first, last, count = schedule.left_out(after - offset, until - offset)
    return Summary(first and first + offset, last and last + offset, count)


def same_days(old: JobDefinition, new: JobDefinition, after: datetime, until: datetime) -> bool:
    """Whether two definitions differ in their calendars at most, which allow the same days from `after` to `until`.

    Then it makes no difference to the instants between them which of the two holds.
    """
    if old.timing()[:-1] != new.timing()[:-1]:
        return False
    rules = [_rule(each.calendars.digests() if each.calendars else ((), ())) for each in (old, new)]
    zone, offset = load_zone(old.timezone), offset_of(old)
    day, last = ((each - offset).astimezone(zone).date() for each in (after, until))
    if (last - day).days > _COMPARED_DAYS_MAX:
        return False
    days = [day + timedelta(days=number) for number in range((last - day).days + 1)]
    return all(rules[0].allows(each) == rules[1].allows(each) for each in days)


_COMPARED_DAYS_MAX = 3_660


@lru_cache(maxsize=4_096)
def _rule(digests: CalendarDigests) -> DayRule:
    from scheduler.schedule.calendars.calendar_days import DayRule, days_of

    only, without = digests
    return DayRule(tuple(map(days_of, only)), tuple(map(days_of, without)))


@lru_cache(maxsize=65_536)
def _schedule(
    cron: str | tuple[str, ...] | None,
    every: str | None,
    at: str | None,
    timezone: str,
    jitter_offset_ms: int,
    calendars: CalendarDigests | None,
) -> Schedule:
    if jitter_offset_ms:
        from scheduler.schedule.jitter import JitteredSchedule

        nominal = _schedule(cron, every, at, timezone, 0, calendars)
        return JitteredSchedule(timezone, nominal, timedelta(milliseconds=jitter_offset_ms))
    if calendars is not None:
        from scheduler.schedule.calendars.by_days import SomeDaysSchedule

        return SomeDaysSchedule(timezone, _schedule(cron, every, at, timezone, 0, None), _rule(calendars))
    if isinstance(cron, tuple):
        from scheduler.schedule.cron.several import parse_several

        return parse_several(cron, timezone)
    if cron is not None:
        return parse_expression(cron, timezone)
    if every is not None:
        from scheduler.schedule.every import parse_every

        return parse_every(every, timezone)
    if at is not None:
        from scheduler.schedule.at import parse_at

        return parse_at(at, timezone)
    from scheduler.schedule.uncomputed import OnDemand

    return OnDemand(timezone)


def offset_of(definition: JobDefinition) -> timedelta:
    """How much later than its nominal instants a job runs; nothing without jitter."""
    return timedelta(milliseconds=definition.jitter_offset_ms)


def nominal(definition: JobDefinition, instant: datetime) -> datetime | None:
    """The instant as the schedule is written, of one that jitter moved; None of one that it did not."""
    return instant - offset_of(definition) if definition.jitter_offset_ms else None


def with_offsets(definitions: Mapping[str, JobDefinition], ledger: str) -> dict[str, JobDefinition]:
    """The definitions of a config, those with jitter with the offset that they have in a ledger."""
    return {name: with_offset(definition, ledger) for name, definition in definitions.items()}


def with_offset(definition: JobDefinition, ledger: str) -> JobDefinition:
    """A definition with the offset that it has in a ledger, whose id may be empty: then there is none yet."""
    if definition.jitter_ms is None:
        return definition
    from scheduler.schedule.jitter import jitter_offset_ms

    offset_ms = jitter_offset_ms(ledger, definition.name, definition.jitter_ms)
    return msgspec.structs.replace(definition, jitter_offset_ms=offset_ms)


@lru_cache(maxsize=1_024)
def local_iso(instant: datetime, timezone: str) -> str:
    """The instant in the job's zone: ISO 8601 with the offset."""
    return instant.astimezone(load_zone(timezone)).isoformat(timespec="seconds")

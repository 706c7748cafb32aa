"""From a calendar event to the keys of the config that give the same times.

Cron's fields have no seconds, no years, no days counted from the end but the last, and take two day fields as either
where systemd wants both. What of that the config can say otherwise is said so: seconds as an interval that begins at
a time, years and weekdays as calendars, one date as `at`.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from typing import NamedTuple

from scheduler.importing.expressions import ranges_of
from scheduler.importing.systemd.calendar_event import YEARS, CalendarEvent, days_of_month, values
from scheduler.importing.systemd.time_span import duration_of
from scheduler.schedule.calendars.calendar_days import WEEKDAYS

_LONG, _SHORT = (1, 3, 5, 7, 8, 10, 12), (4, 6, 9, 11)
_FEBRUARY = 2
_MINUTE_S, _HOUR_S, _DAY_S = 60, 3_600, 86_400
_WEEKS = {number: set(range(7 * number - 6, 7 * number + 1)) for number in range(1, 5)} | {5: {29, 30, 31}}


class Inexpressible(Exception):
    """The config has no words for an event; the message says for what of it."""


class Days(NamedTuple):
    """A calendar: its name, its key, `dates` or `weekdays`, and what the key holds."""

    name: str
    key: str
    values: tuple[str, ...]


class EventSchedule(NamedTuple):
    """The times of an event as the config has them.

    Attributes:
        expressions: of cron; empty where `other` says when.
        other: the key `every` or `at` with its value.
        only: a calendar of the days on which they count; without: one of those on which they do not.
    """

    expressions: tuple[str, ...] = ()
    other: tuple[tuple[str, str], ...] = ()
    only: Days | None = None
    without: Days | None = None


def schedule_of_event(event: CalendarEvent, zone: tzinfo) -> EventSchedule:
    """The keys that give the times of an event.

    Args:
        event: the event.
        zone: in which it is read.

    Raises:
        Inexpressible: there are none.
    """
    if (once := _once(event)) is not None:
        return EventSchedule(other=(("at", once),))
    only = _only_years(event)
    seconds = values(event.seconds, 0, 59)
    if seconds != [0]:
        if only:
            raise Inexpressible("seconds together with years")
        return EventSchedule(other=(("every", _with_seconds(event, seconds)),))
    times = _times(event, changes_clocks(zone))
    days, by_weekday = _days(event)
    expressions = tuple(f"{times} {each}" for each in days)
    if not by_weekday or event.weekdays is None:
        return EventSchedule(expressions, only=only)
    if only is None:
        return EventSchedule(expressions, only=_weekday_calendar(event.weekdays))
    # Of several calendars in `only` one is enough, so that the other weekdays are left out.
    return EventSchedule(
        expressions, only=only, without=_weekday_calendar(frozenset(range(7)) - event.weekdays)
    )


def _weekday_calendar(weekdays: frozenset[int]) -> Days:
    names = tuple(WEEKDAYS[day] for day in sorted(weekdays))
    return Days("-".join(names), "weekdays", names)


def changes_clocks(zone: tzinfo) -> bool:
    """Whether the offset of a zone changes within two years."""
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    offsets = {(begin + timedelta(days=15 * number)).astimezone(zone).utcoffset() for number in range(49)}
    return len(offsets) > 1


def _once(event: CalendarEvent) -> str | None:
    """The one time of an event that happens at most once."""
    if event.years is None or event.months is None or event.days is None or event.from_end or event.weekdays:
        return None
    parts = (
        values(event.years, YEARS[0], YEARS[-1]),
        values(event.months, 1, 12),
        values(event.days, 1, 31),
        values(event.hours, 0, 23),
        values(event.minutes, 0, 59),
        values(event.seconds, 0, 59),
    )
    if any(len(part) != 1 for part in parts):
        return None
    year, month, day, hour, minute, second = (part[0] for part in parts)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"


def _only_years(event: CalendarEvent) -> Days | None:
    """A calendar of the years of an event; None where it has all."""
    if event.years is None:
        return None
    years = values(event.years, YEARS[0], YEARS[-1])
    ranges = ranges_of(years)
    dates = tuple(f"{first}-01-01..{last}-12-31" for first, last in ranges)
    name = f"years-{years[0]}" if len(years) == 1 else f"years-{years[0]}-{years[-1]}"
    if len(ranges) > 1:
        name += f"-{len(ranges)}"
    return Days(name, "dates", dates)


def _with_seconds(event: CalendarEvent, seconds: list[int]) -> str:
    """An interval for an event that has seconds: an even pace, or one time of day on each day or on one weekday."""
    if event.months is not None or event.days is not None:
        raise Inexpressible("seconds on some days of the month")
    minutes, hours = values(event.minutes, 0, 59), values(event.hours, 0, 23)
    if len(minutes) == len(hours) == len(seconds) == 1:
        weekdays = event.weekdays or frozenset(range(7))
        if len(weekdays) not in (1, 7):
            raise Inexpressible("seconds on some days of the week")
        # 1 January 2024 was a Monday.
        first = 1 + (min(weekdays) if len(weekdays) == 1 else 0)
        pace = "7d" if len(weekdays) == 1 else "1d"
        return f"{pace} from 2024-01-{first:02}T{hours[0]:02}:{minutes[0]:02}:{seconds[0]:02}"
    if event.weekdays is not None:
        raise Inexpressible("seconds on some days of the week")
    of_day = [
        hour * _HOUR_S + minute * _MINUTE_S + second
        for hour in hours
        for minute in minutes
        for second in seconds
    ]
    paces = {later - earlier for earlier, later in pairwise([*of_day, of_day[0] + _DAY_S])}
    if len(paces) != 1:
        raise Inexpressible("seconds at an uneven pace")
    (pace_s,) = paces
    if of_day[0] == 0:
        return duration_of(pace_s)
    first = of_day[0]
    return f"{duration_of(pace_s)} from 2024-01-01T{first // 3600:02}:{first // 60 % 60:02}:{first % 60:02}"


def _times(event: CalendarEvent, clocks_change: bool) -> str:
    """Minute and hour as cron has them.

    systemd takes each wall time once. So does cron for a fixed time; an hour that begins with * runs in both of two
    equal hours. Where clocks change, all hours are written out, if what is made up for after a gap is there anyway.
    """
    minutes, hours = values(event.minutes, 0, 59), values(event.hours, 0, 23)
    every_hour = len(hours) == 24
    written_out = clocks_change and every_hour and minutes[0] == 0
    minute = _field(minutes, 0, 59, starred=not written_out and (every_hour or not clocks_change))
    hour = "0-23" if written_out else _field(hours, 0, 23, starred=every_hour or not clocks_change)
    return f"{minute} {hour}"


def _days(event: CalendarEvent) -> tuple[list[str], bool]:
    """The three day fields, in each of several expressions, and whether the weekdays are still to be chosen."""
    months = values(event.months, 1, 12)
    if event.days is None:
        return [f"* {_field(months, 1, 12)} {_weekdays(event.weekdays)}"], False
    by_place = _by_place(event)
    if by_place is not None:
        return [f"* {_field(months, 1, 12)} {by_place}"], False
    expressions = [f"{days} {_field(of, 1, 12)} *" for days, of in _by_month(event, months)]
    if not expressions:
        raise Inexpressible("days that no month has")
    return expressions, True


def _by_place(event: CalendarEvent) -> str | None:
    """Weekdays by their place in the month, where the days of an event are whole weeks of it."""
    if event.weekdays is None:
        return None
    weekdays = [(day + 1) % 7 for day in sorted(event.weekdays)]
    if event.from_end:
        last_week = all(
            days_of_month(event, length) == list(range(length - 6, length + 1)) for length in (28, 31)
        )
        return ",".join(f"{day}L" for day in weekdays) if last_week else None
    left = set(days_of_month(event, 31))
    places = [place for place, week in _WEEKS.items() if week <= left]
    if not places or left != set().union(*(_WEEKS[place] for place in places)):
        return None
    return ",".join(f"{day}#{place}" for day in weekdays for place in places)


def _by_month(event: CalendarEvent, months: list[int]) -> list[tuple[str, list[int]]]:
    """The days of the month as a field, and the months in which they are these."""
    if not event.from_end:
        return [(_field(days_of_month(event, 31), 1, 31), months)]
    if days_of_month(event, 31) == [31]:
        return [("L", months)]
    if _FEBRUARY in months:
        raise Inexpressible("days counted from the end of February other than the last")
    found = []
    for length, group in ((31, _LONG), (30, _SHORT)):
        of = [month for month in months if month in group]
        if of:
            found.append((_field(days_of_month(event, length), 1, 31, starred=False), of))
    return found


def _weekdays(weekdays: frozenset[int] | None) -> str:
    if weekdays is None:
        return "*"
    return _field(sorted((day + 1) % 7 for day in weekdays), 0, 6, starred=False)


def _field(found: list[int], low: int, high: int, *, starred: bool = True) -> str:
    """Values as a field; with a * in front where all are meant, or every so many, if that is `starred`."""
    if len(found) == high - low + 1:
        return "*" if starred else f"{low}-{high}"
    steps = {later - earlier for earlier, later in pairwise(found)}
    if len(found) > 2 and len(steps) == 1 and steps != {1}:
        (step,) = steps
        if found[0] == low and found[-1] + step > high and starred:
            return f"*/{step}"
        return f"{found[0]}-{found[-1]}/{step}"
    return ",".join(
        str(first) if first == last else f"{first}{',' if last == first + 1 else '-'}{last}"
        for first, last in ranges_of(found)
    )

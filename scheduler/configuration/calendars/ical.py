"""The days of an iCalendar file (RFC 5545): those that its events touch.

The library is imported here alone, and this module only by the process that reads such a file. It may take long: an
event that never comes is looked for until the year 9999.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import Any

from dateutil.rrule import rrulestr
from icalendar import Calendar

LAST_YEAR = 2069
"""Events that recur without end are followed to the end of this year."""
EVENTS_MAX = 5_000
OCCURRENCES_MAX = 5_000
DAYS_MAX = 3_660
"""Of one event."""
_DAY = timedelta(days=1)
_FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY", "YEARLY")
Range = tuple[date, date]


class InvalidCalendar(ValueError):
    """What is wrong with a file."""


def event_days(raw: bytes) -> list[Range]:
    """First and last day of each occurrence of each event, in no order.

    An event with times touches each day from its beginning to its end, by its own clock. Cancelled events and single
    occurrences that were excepted are left out, moved ones count where they were moved to.

    Raises:
        InvalidCalendar: It is no calendar, or has more than anybody would write.
    """
    try:
        calendars: list[Any] = list(Calendar.from_ical(raw, multiple=True))
        events = [event for calendar in calendars for event in calendar.walk("VEVENT")]
    except (ValueError, IndexError, KeyError, TypeError, AttributeError, RecursionError) as problem:
        raise InvalidCalendar(f"it is no iCalendar file: {_first_line(problem)}") from None
    if not calendars:
        raise InvalidCalendar("it is no iCalendar file: it has no VCALENDAR")
    if not raw.rstrip().upper().endswith(b"END:VCALENDAR"):
        raise InvalidCalendar("it does not end as an iCalendar file does: it may be half written")
    if len(events) > EVENTS_MAX:
        raise InvalidCalendar(f"it has {len(events):,} events, {EVENTS_MAX:,} is the most")
    moved = {
        (str(event.get("UID")), _day(event["RECURRENCE-ID"].dt))
        for event in events
        if "RECURRENCE-ID" in event
    }
    found: list[Range] = []
    for event in events:
        name = str(event.get("SUMMARY", event.get("UID", "")))[:80]
        try:
            found += islice(_occurrences(event, moved), OCCURRENCES_MAX + 1 - len(found))
        except InvalidCalendar:
            raise
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as problem:
            raise InvalidCalendar(f"event {name!r} cannot be read: {_first_line(problem)}") from None
        if len(found) > OCCURRENCES_MAX:
            raise InvalidCalendar(
                f"its events come more than {OCCURRENCES_MAX:,} times: `weekdays` may serve better"
            )
    return found


def _occurrences(event: Any, moved: set[tuple[str, date]]) -> Iterator[Range]:
    if str(event.get("STATUS", "")).upper() == "CANCELLED":
        return
    begin = event["DTSTART"].dt
    first, length = _day(begin), _length(event, begin)
    if "RECURRENCE-ID" in event:
        yield first, first + length
        return
    left_out = {_day(each.dt) for each in _listed(event, "EXDATE")}
    left_out |= {day for uid, day in moved if uid == str(event.get("UID"))}
    added = {_day(each.dt) for each in _listed(event, "RDATE")}
    for day in dict.fromkeys((*added, *_recurring(event, first))):
        if day not in left_out:
            yield day, day + length


def _recurring(event: Any, first: date) -> Iterator[date]:
    """The days on which an event begins."""
    rules = event.get("RRULE")
    if rules is None:
        yield first
        return
    for rule in rules if isinstance(rules, list) else [rules]:
        frequency = str(rule.get("FREQ", [""])[0]).upper()
        if frequency not in _FREQUENCIES or {"BYHOUR", "BYMINUTE", "BYSECOND"} & set(rule):
            raise InvalidCalendar("an event recurs more than once a day, which days cannot tell")
        if any(int(each) < 1 for each in rule.get("INTERVAL", [])):
            raise InvalidCalendar("an event recurs at an interval below 1")
        text = ";".join(part for part in rule.to_ical().decode().split(";") if not part.startswith("UNTIL="))
        until = min([_day(each) for each in rule.get("UNTIL", [])], default=date(LAST_YEAR, 12, 31))
        for each in rrulestr(text, dtstart=datetime.combine(first, time())):
            if each.date() > min(until, date(LAST_YEAR, 12, 31)):
                break
            yield each.date()


def _length(event: Any, begin: date | datetime) -> timedelta:
    """From the first day of an occurrence to its last one."""
    if "DTEND" in event:
        end = event["DTEND"].dt
    else:
        whole_day = _DAY if not isinstance(begin, datetime) else timedelta(0)
        end = begin + (event["DURATION"].dt if "DURATION" in event else whole_day)
    # The end is not part of the event: an event of a whole day ends on the next one, at midnight so to speak.
    ends_at_midnight = not isinstance(end, datetime) or end.time() == time()
    length = max(
        _day(end) - _day(begin) - (_DAY if ends_at_midnight and end > begin else timedelta(0)), timedelta(0)
    )
    if length > timedelta(days=DAYS_MAX):
        raise InvalidCalendar(f"an event lasts {length.days:,} days, {DAYS_MAX:,} is the most")
    return length


def _listed(event: Any, name: str) -> Iterator[Any]:
    """The times of a member that may stand several times, and hold several each."""
    found = event.get(name, [])
    for each in found if isinstance(found, list) else [found]:
        yield from each.dts


def _day(moment: date | datetime | tuple[Any, ...]) -> date:
    moment = moment[0] if isinstance(moment, tuple) else moment
    return moment.date() if isinstance(moment, datetime) else moment


def _first_line(problem: Exception) -> str:
    return (str(problem).splitlines() or [type(problem).__name__])[0][:200]

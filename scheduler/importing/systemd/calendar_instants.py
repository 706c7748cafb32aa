"""When calendar events happen, by the rules of systemd, found without `scheduler.schedule`.

Each wall time that fits happens once: one that clocks skip not at all, one that they show twice the first time (seen
in systemd 252: its search goes from one wall time to a later one).
"""

from __future__ import annotations

import heapq
from bisect import bisect_left
from calendar import monthrange
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, tzinfo

from scheduler.importing.systemd.calendar_event import YEARS, CalendarEvent, days_of_month, values


class EventInstants:
    """The instants of one or more events; what several have is one.

    Args:
        events: each with the zone in which it is read.
    """

    def __init__(self, events: Sequence[tuple[CalendarEvent, tzinfo]]) -> None:
        self._events = tuple(events)

    def after(self, instant: datetime) -> Iterator[datetime]:
        """Those strictly later than an instant, ascending."""
        newest = instant.astimezone(UTC)
        for found in heapq.merge(*(_after(event, zone, instant) for event, zone in self._events)):
            if found > newest:
                newest = found
                yield found

    def reach(self, instant: datetime) -> datetime:
        """Up to the end of the last year that systemd looks at, wherever an instant is."""
        del instant
        return datetime(YEARS[-1], 12, 30, tzinfo=UTC)


def _after(event: CalendarEvent, zone: tzinfo, instant: datetime) -> Iterator[datetime]:
    times = _times(event)
    # A wall time that is shown later than now for the first time is later than what is shown now.
    shown = instant.astimezone(zone).replace(tzinfo=None)
    for day in _days(event, shown.date()):
        later = times if day > shown.date() else times[bisect_left(times, (shown.hour, shown.minute, 0)) :]
        for hour, minute, second in later:
            wall = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=zone)
            found = wall.astimezone(UTC)
            if found > instant and found.astimezone(zone).timetuple()[:6] == wall.timetuple()[:6]:
                yield found


def _times(event: CalendarEvent) -> list[tuple[int, int, int]]:
    return [
        (hour, minute, second)
        for hour in values(event.hours, 0, 23)
        for minute in values(event.minutes, 0, 59)
        for second in values(event.seconds, 0, 59)
    ]


def _days(event: CalendarEvent, first: date) -> Iterator[date]:
    """The dates from `first` on that fit, up to the last year that systemd looks at."""
    months = values(event.months, 1, 12)
    for year in values(event.years, max(first.year, YEARS[0]), YEARS[-1]):
        for month in months:
            length = monthrange(year, month)[1]
            for number in days_of_month(event, length):
                day = date(year, month, number)
                if day >= first and (event.weekdays is None or day.weekday() in event.weekdays):
                    yield day

"""When an entry of a crontab runs, by the rules of cron, found without `scheduler.schedule`.

A wall clock is followed through a zone. Where it shows each minute once, a day's times are its wall times less the
offset. Around a change of clocks it is watched minute by minute, as cron does: an entry with `*` in front of its
minute or hour runs whenever the minute shown matches; any other counts a minute the first time it is shown, and makes
up for skipped ones at the next one shown (cron(8), on daylight saving). Cron takes a change of three hours or more
for a correction of the clock; that is not done here.
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import NamedTuple

from scheduler.importing.crontab.fields import Times

_DAY = timedelta(days=1)
_MINUTE = timedelta(minutes=1)
_YEARS_MAX = 450
"""The calendar repeats itself after 400 years."""
_YEAR_MAX = 9_900


class CrontabInstants:
    """The instants of an entry.

    Args:
        times: of the entry.
        zone: in which they are read.
    """

    def __init__(self, times: Times, zone: tzinfo) -> None:
        self._times, self._zone = times, zone
        minutes, hours, days, months, weekdays = (field.values for field in times.fields)
        self._of_day = sorted(60 * hour + minute for hour in hours for minute in minutes)
        self._set_of_day = frozenset(self._of_day)
        self._months = sorted(months)
        both = times.fields[2].starred or times.fields[4].starred

        @lru_cache(maxsize=1024)
        def on(year: int, month: int, day: int) -> bool:
            if month not in months:
                return False
            by_number, by_weekday = day in days, date(year, month, day).isoweekday() in weekdays
            return by_number and by_weekday if both else by_number or by_weekday

        self._on: Callable[[int, int, int], bool] = on

    def after(self, instant: datetime) -> Iterator[datetime]:
        """Those strictly later than an instant, ascending; none where no date matches for centuries."""
        newest = instant.astimezone(UTC)
        watched, first = 0, newest.toordinal() - 3
        for day in self._dates(newest.year, min(newest.year + _YEARS_MAX, _YEAR_MAX)):
            if day < first:
                continue
            offset = _steady_offset(self._zone, day)
            if offset is not None:
                midnight = datetime.fromordinal(day).replace(tzinfo=UTC) - offset
                found = (midnight + minute * _MINUTE for minute in self._of_day)
                # A day of UTC that was watched has been told as a whole.
                of_day = [each for each in found if each.toordinal() > watched]
            else:
                # What clocks show on a date, and what is made up for it, lies in these days of UTC.
                of_day = []
                for number in range(max(watched + 1, day - 1), day + 3):
                    watched = number
                    of_day += self._watched(number)
            for each in of_day:
                if each > newest:
                    newest = each
                    yield each

    def reach(self, instant: datetime) -> datetime:
        """Some centuries from an instant on, after which the calendar has repeated itself."""
        return datetime(min(instant.year + _YEARS_MAX, _YEAR_MAX) - 1, 1, 1, tzinfo=UTC)

    def _dates(self, first_year: int, last_year: int) -> Iterator[int]:
        """The dates that match, from the end of the year before on, by their ordinals."""
        for year in range(first_year - 1, last_year):
            for month in self._months:
                if year >= first_year or month == 12:
                    first = date(year, month, 1).toordinal()
                    for day in range(1, monthrange(year, month)[1] + 1):
                        if self._on(year, month, day):
                            yield first + day - 1

    def _watched(self, number: int) -> Iterator[datetime]:
        """Those of one day of UTC, told by its ordinal, by a clock that is watched minute by minute."""
        day = _watched_day(self._zone, datetime.fromordinal(number).replace(tzinfo=UTC))
        newest = None
        for shown in day.first_shown if self._times.fixed_time else day.shown:
            if shown.minute in self._set_of_day and self._on(*shown.date) and shown.at != newest:
                newest = shown.at
                yield shown.at


class _Shown(NamedTuple):
    """A minute of a wall clock, and when it counts.

    Attributes:
        at: when, in UTC.
        minute: of the day.
        date: year, month, day.
    """

    at: datetime
    minute: int
    date: tuple[int, int, int]


class _WatchedDay(NamedTuple):
    """What a zone's clocks show in a day of UTC on which they are changed.

    Attributes:
        shown: the minutes, one after another.
        first_shown: those that were not shown before; skipped ones with the next one that is shown.
    """

    shown: list[_Shown]
    first_shown: list[_Shown]


@lru_cache(maxsize=2_000)
def _watched_day(zone: tzinfo, begin: datetime) -> _WatchedDay:
    """A day of UTC, watched from the day before on, so that what comes again is known."""
    at = begin - _DAY
    newest = _wall(at, zone)
    day = _WatchedDay([], [])
    while (at := at + _MINUTE) < begin + _DAY:
        wall = _wall(at, zone)
        if at >= begin:
            day.shown.append(_minute(at, wall))
        while newest < wall:
            newest += _MINUTE
            if at >= begin:
                day.first_shown.append(_minute(at, newest))
    return day


def _wall(at: datetime, zone: tzinfo) -> datetime:
    """What a zone's clocks show, to the minute."""
    return at.astimezone(zone).replace(tzinfo=None, second=0)


def _minute(at: datetime, wall: datetime) -> _Shown:
    return _Shown(at, 60 * wall.hour + wall.minute, (wall.year, wall.month, wall.day))


@lru_cache(maxsize=20_000)
def _steady_offset(zone: tzinfo, day: int) -> timedelta | None:
    """The offset of a zone around a date, told by its ordinal; None if it changes within a day of that."""
    begin = datetime.fromordinal(day).replace(tzinfo=UTC) - timedelta(hours=30)
    offsets = {(begin + timedelta(hours=hour)).astimezone(zone).utcoffset() for hour in range(0, 97, 6)}
    return offsets.pop() if len(offsets) == 1 else None

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
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

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

    def __init__(self, times: Times, zone: ZoneInfo) -> None:
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
        begin = instant.astimezone(UTC)
        looked_at = begin.toordinal() - 1
        for day in self._dates(begin.year, min(begin.year + _YEARS_MAX, _YEAR_MAX)):
            # What a zone's clocks show on a date, and what is made up for it, lies in these days of UTC.
            for number in range(max(looked_at + 1, day - 1), day + 3):
                looked_at = number
                midnight = datetime.fromordinal(number).replace(tzinfo=UTC)
                for found in self._within(midnight, midnight + _DAY):
                    if found > begin:
                        yield found

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

    def _within(self, begin: datetime, end: datetime) -> Iterator[datetime]:
        """Those of one day of UTC."""
        offset = _steady_offset(self._zone, begin)
        if offset is None:
            yield from self._watched(begin, end)
            return
        first = (begin + offset).toordinal()
        for number in range(first, (end + offset).toordinal() + 1):
            day = date.fromordinal(number)
            if self._on(day.year, day.month, day.day):
                midnight = datetime(day.year, day.month, day.day, tzinfo=UTC) - offset
                for minute in self._of_day:
                    found = midnight + minute * _MINUTE
                    if begin <= found < end:
                        yield found

    def _watched(self, begin: datetime, end: datetime) -> Iterator[datetime]:
        """Those of a stretch, by a clock that is watched minute by minute from a day before."""
        at = begin - _DAY
        newest = self._shown(at)
        while (at := at + _MINUTE) < end:
            wall = self._shown(at)
            if not self._times.fixed_time:
                due = self._due(wall)
            else:
                due = False
                while newest < wall:
                    newest += _MINUTE
                    due = due or self._due(newest)
            if due and at >= begin:
                yield at

    def _due(self, wall: datetime) -> bool:
        return 60 * wall.hour + wall.minute in self._set_of_day and self._on(wall.year, wall.month, wall.day)

    def _shown(self, at: datetime) -> datetime:
        """What the zone's clocks show, to the minute."""
        return at.astimezone(self._zone).replace(tzinfo=None, second=0)


@lru_cache(maxsize=20_000)
def _steady_offset(zone: ZoneInfo, begin: datetime) -> timedelta | None:
    """The offset of a zone from a day before to a day after an instant; None if it changes."""
    hours = (begin - _DAY + timedelta(hours=hour) for hour in range(0, 49, 6))
    offsets = {each.astimezone(zone).utcoffset() for each in hours}
    return offsets.pop() if len(offsets) == 1 else None

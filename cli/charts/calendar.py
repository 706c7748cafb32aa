"""The coming week as a calendar: for each day what begins when. Pure: schedules in, days out; no clock, no terminal.

What a job does once or twice a day stands at its time; what it does more often in an hour, or in several hours, is
one item with a count; and what it does in most hours of a day stands once, for all of it. So a page stays a page
whatever the schedules are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, NamedTuple
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from scheduler.schedule import Schedule

DAYS = 7
ALL_DAY_HOURS_MIN = 12
"""A job that has runs in so many hours of a day stands once for all of it."""
TOGETHER_HOURS_MIN = 3
"""A job that has runs in so many hours stands once, from the first to the last."""
_HOUR = timedelta(hours=1)


class CalendarItem(NamedTuple):
    """Runs of one job on one day.

    Attributes:
        first: the first of them; last: the last of them.
        runs: how many.
        job: its name.
        all_day: whether they are spread over the day.
    """

    first: datetime
    last: datetime
    runs: int
    job: str
    all_day: bool


class CalendarDay(NamedTuple):
    """One day: what is to come on it, in order of time; before that, by name, what is spread over all of it.

    Attributes:
        day: its date.
        hours: how many it has: 24, or 23 or 25 where clocks are changed.
        items: what comes.
    """

    day: date
    hours: float
    items: list[CalendarItem]

    @property
    def runs(self) -> int:
        """How many runs there are on it."""
        return sum(item.runs for item in self.items)


class ScheduledJob(NamedTuple):
    """A job's schedule, and from when on it counts: what is later than `begins`."""

    job: str
    schedule: Schedule
    begins: datetime


def week(jobs: Iterable[ScheduledJob], now: datetime, zone: ZoneInfo, days: int = DAYS) -> list[CalendarDay]:
    """Today, from now on, and the days after it, as a zone has them."""
    timed = list(jobs)
    listed = []
    today = now.astimezone(zone).date()
    for number in range(days):
        day = today + timedelta(days=number)
        begin, end = _begin(day, zone), _begin(day + timedelta(days=1), zone)
        hours = list(_hours(begin, end))
        items: list[CalendarItem] = []
        known: dict[tuple[Schedule, datetime], list[tuple[datetime, datetime, int]]] = {}
        for job, schedule, begins in timed:
            after = max(begins, now, begin - timedelta(seconds=1))
            if (schedule, after) not in known:
                known[schedule, after] = _by_hours(schedule, after, hours)
            items += _items(job, known[schedule, after])
        # What is spread over the day has no time to stand by: the same order on each day, whenever it begins there.
        items.sort(key=lambda item: (not item.all_day, begin if item.all_day else item.first, item.job))
        listed.append(CalendarDay(day, (end - begin) / _HOUR, items))
    return listed


def _by_hours(
    schedule: Schedule, after: datetime, hours: list[tuple[datetime, datetime]]
) -> list[tuple[datetime, datetime, int]]:
    """First, last and number of the instants of each hour that has any."""
    found = []
    last = hours[-1][1] - timedelta(seconds=1)
    if after > last or schedule.count_between(after, last) == 0:
        return []
    for begin, end in hours:
        low = max(after, begin - timedelta(seconds=1))
        high = end - timedelta(seconds=1)
        if low >= high:
            continue
        first_at, last_at, count = schedule.summary(low, high)
        if first_at is not None and last_at is not None:
            found.append((first_at, last_at, count))
    return found


def _items(job: str, hours: list[tuple[datetime, datetime, int]]) -> Iterator[CalendarItem]:
    if len(hours) >= TOGETHER_HOURS_MIN:
        all_day = len(hours) >= ALL_DAY_HOURS_MIN
        yield CalendarItem(hours[0][0], hours[-1][1], sum(count for _, _, count in hours), job, all_day)
        return
    for first, last, count in hours:
        yield CalendarItem(first, last, count, job, all_day=False)


def _begin(day: date, zone: ZoneInfo) -> datetime:
    """When a day begins; where midnight is skipped, right after the gap."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _hours(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while begin < end:
        yield begin, min(begin + _HOUR, end)
        begin += _HOUR


def days_for_programs(days: Iterable[CalendarDay]) -> list[dict[str, object]]:
    """The days as `--json` has them."""
    return [
        {
            "day": day.day.isoformat(),
            "hours": day.hours,
            "runs": day.runs,
            "items": [
                {
                    "job": item.job,
                    "first": item.first,
                    "last": item.last,
                    "runs": item.runs,
                    "all_day": item.all_day,
                }
                for item in day.items
            ],
        }
        for day in days
    ]

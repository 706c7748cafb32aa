"""The coming week as a calendar: for each day which runs start when. Pure: it uses no clock and no terminal.

Each hour in which a job has runs is one item, with a count if there are several. A job with runs in three hours or
more has one item from the first run to the last. A job with runs in most hours has one item for the whole day. So the
calendar stays short whatever the schedules are.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from scheduler.rules.instants_state import SettledAhead
    from scheduler.schedule.schedule import Schedule

DAYS = 7
ALL_DAY_HOURS_MIN = 12
"""A job with runs in at least this many hours of a day has one item for the whole day."""
TOGETHER_HOURS_MIN = 3
"""A job with runs in at least this many hours of a day has one item, from the first run to the last."""
_HOUR = timedelta(hours=1)
_InHour = tuple[datetime, datetime, int]
"""The first and the last instant of an hour, and how many there are."""


class CalendarItem(NamedTuple):
    """Runs of one job on one day.

    Attributes:
        first: the first of the runs; last: the last of them.
        runs: how many runs there are.
        job: the job's name.
        all_day: whether the runs are spread over the day.
    """

    first: datetime
    last: datetime
    runs: int
    job: str
    all_day: bool


class CalendarDay(NamedTuple):
    """One day: first the items for the whole day, by name, then the others in order of time.

    Attributes:
        day: its date.
        hours: how many hours it has: 24, or for example 23 or 25 if clocks are changed.
        items: the coming runs.
    """

    day: date
    hours: float
    items: list[CalendarItem]

    @property
    def runs(self) -> int:
        """How many runs the day has."""
        return sum(item.runs for item in self.items)


class ScheduledJob(NamedTuple):
    """A job's schedule, of which the instants after `begins` count, but for those that are `settled` already."""

    job: str
    schedule: Schedule
    begins: datetime
    settled: SettledAhead | None = None


def week(jobs: Iterable[ScheduledJob], now: datetime, zone: tzinfo, days: int = DAYS) -> list[CalendarDay]:
    """Today, from now on, and the following days, as the calendar of a zone has them."""
    timed = list(jobs)
    listed = []
    today = now.astimezone(zone).date()
    for number in range(days):
        day = today + timedelta(days=number)
        begin, end = _begin(day, zone), _begin(day + timedelta(days=1), zone)
        hours = list(_hours(begin, end))
        items: list[CalendarItem] = []
        known: dict[tuple[Schedule, datetime, SettledAhead | None], list[_InHour]] = {}
        for job, schedule, begins, settled in timed:
            after = max(begins, now, begin - timedelta(seconds=1))
            if (schedule, after, settled) not in known:
                known[schedule, after, settled] = _by_hours(schedule, after, hours, settled)
            items += _items(job, known[schedule, after, settled])
        # Items for the whole day are not ordered by time: they have the same order on each day.
        items.sort(key=lambda item: (not item.all_day, begin if item.all_day else item.first, item.job))
        listed.append(CalendarDay(day, (end - begin) / _HOUR, items))
    return listed


def _by_hours(
    schedule: Schedule,
    after: datetime,
    hours: list[tuple[datetime, datetime]],
    settled: SettledAhead | None,
) -> list[_InHour]:
    """First instant, last instant and count for each hour that has an instant."""
    found = []
    last = hours[-1][1] - timedelta(seconds=1)
    if after > last or schedule.count_between(after, last) == 0:
        return []
    for begin, end in hours:
        low = max(after, begin - timedelta(seconds=1))
        high = end - timedelta(seconds=1)
        parts = (schedule.summary(*part) for part in _open(low, high, settled) if part[0] < part[1])
        in_hour = [
            (first, last, count) for first, last, count in parts if first is not None and last is not None
        ]
        if in_hour:
            found.append((in_hour[0][0], in_hour[-1][1], sum(count for _, _, count in in_hour)))
    return found


def _open(after: datetime, until: datetime, settled: SettledAhead | None) -> list[tuple[datetime, datetime]]:
    """The stretches of an hour, each without its beginning, in which nothing is settled."""
    if settled is None:
        return [(after, until)]
    before = min(until, settled.first - timedelta.resolution)
    return [(after, before), (max(after, settled.until), until)]


def _items(job: str, hours: list[_InHour]) -> Iterator[CalendarItem]:
    if len(hours) >= TOGETHER_HOURS_MIN:
        all_day = len(hours) >= ALL_DAY_HOURS_MIN
        yield CalendarItem(hours[0][0], hours[-1][1], sum(count for _, _, count in hours), job, all_day)
        return
    for first, last, count in hours:
        yield CalendarItem(first, last, count, job, all_day=False)


def _begin(day: date, zone: tzinfo) -> datetime:
    """When a day begins; if its midnight is skipped, right after the gap."""
    return datetime.combine(day, time(), tzinfo=zone).astimezone(UTC)


def _hours(begin: datetime, end: datetime) -> Iterator[tuple[datetime, datetime]]:
    while begin < end:
        yield begin, min(begin + _HOUR, end)
        begin += _HOUR


def days_for_programs(days: Iterable[CalendarDay]) -> list[dict[str, object]]:
    """The days as `--json` prints them."""
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

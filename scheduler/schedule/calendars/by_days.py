"""A schedule on some days alone: instants whose local date the calendars do not allow are left out, none is moved."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from itertools import chain, islice

from scheduler.schedule.calendars.calendar_days import DayRule
from scheduler.schedule.schedule import Schedule, Summary
from scheduler.schedule.zones import load_zone

_SECOND = timedelta(seconds=1)
_DAY = timedelta(days=1)
_LAST_DAY = date(9998, 1, 1)
_TRIES_MAX = 60
"""After so many instants in a row whose day is left out, a schedule is taken to have no further one.

They count from the last date of any calendar on: after it the days of the week decide alone, and a schedule that ever
comes on one of those that count does so within fewer: 1 January comes on a Sunday after 12 years at most.
"""


class SomeDaysSchedule(Schedule, frozen=True):
    """The instants of another schedule on the days that a rule allows.

    Attributes:
        zone: whose local dates count.
        every_day: the schedule whose instants they are.
        rule: the days.
    """

    every_day: Schedule
    rule: DayRule

    def next_after(self, instant: datetime) -> datetime | None:
        """The first instant strictly later than `instant`; None if there is none, or none that can be found."""
        found = self.every_day.next_after(instant)
        tries = 0
        while found is not None and tries < _TRIES_MAX:
            day = self._date(found)
            if self.rule.allows(day):
                return found
            tries += self.rule.last_date is None or day > self.rule.last_date
            allowed = self.rule.next_allowed(day + _DAY)
            if allowed is None or allowed > _LAST_DAY:
                return None
            found = self.every_day.next_after(max(found, self._begin(allowed) - _SECOND))
        return None

    def between(self, after: datetime, until: datetime, limit: int | None = None) -> Iterator[datetime]:
        """The instants x with after < x <= until, ascending, the first `limit` of them."""
        found = (self.every_day.between(low, high, limit) for low, high in self._stretches(after, until))
        return islice(chain.from_iterable(found), limit)

    def latest(self, after: datetime, until: datetime, n: int) -> list[datetime]:
        """The last `n` of the instants x with after < x <= until, ascending."""
        found: list[datetime] = []
        for low, high in reversed(list(self._stretches(after, until))):
            if len(found) >= n:
                break
            found = self.every_day.latest(low, high, n - len(found)) + found
        return found

    def summary(self, after: datetime, until: datetime) -> Summary:
        """First, last and count of the instants x with after < x <= until."""
        parts = [self.every_day.summary(low, high) for low, high in self._stretches(after, until)]
        parts = [part for part in parts if part.count]
        if not parts:
            return Summary(None, None, 0)
        return Summary(parts[0].first, parts[-1].last, sum(part.count for part in parts))

    def left_out(self, after: datetime, until: datetime) -> Summary:
        """First, last and count of the instants x with after < x <= until whose day is not allowed."""
        edges = [after, *chain.from_iterable(self._stretches(after, until)), until]
        spans = [(low, high) for low, high in zip(edges[::2], edges[1::2], strict=True) if low < high]
        parts = [part for low, high in spans if (part := self.every_day.summary(low, high)).count]
        if not parts:
            return Summary(None, None, 0)
        return Summary(parts[0].first, parts[-1].last, sum(part.count for part in parts))

    def describe(self) -> str:
        """The schedule in words."""
        return self.every_day.describe()

    def source(self) -> str:
        """The schedule as the person wrote it."""
        return self.every_day.source()

    def _date(self, instant: datetime) -> date:
        return instant.astimezone(load_zone(self.zone)).date()

    def _begin(self, day: date) -> datetime:
        """The first instant of a day."""
        return datetime.combine(day, time(), load_zone(self.zone)).astimezone(UTC)

    def _stretches(self, after: datetime, until: datetime) -> Iterator[tuple[datetime, datetime]]:
        """The stretches low < instant <= high of `(after, until]` whose days are allowed, ascending."""
        until = min(until, self._begin(_LAST_DAY))
        if after >= until:
            return
        for first, last in self.rule.allowed_stretches(self._date(after), self._date(until)):
            low = max(after, self._begin(first) - _SECOND)
            high = min(until, self._begin(last + _DAY) - _SECOND)
            if low < high:
                yield low, high

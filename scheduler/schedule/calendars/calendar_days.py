"""The days of a calendar: days of the week, and dates; named by a digest, so that a definition need not hold them.

A digest can mean only one set of days. So whoever reads days (a config, the fold, a kept state) keeps them here by
their digest, and a schedule that names the digest finds them: the same everywhere, and for ever.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from functools import cached_property

import msgspec

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
RANGE_SIGN = ".."


class UnknownDays(LookupError):
    """Nobody in this process has read the days of this digest."""


class CalendarDays(msgspec.Struct, frozen=True, dict=True):
    """A set of days.

    Attributes:
        weekdays: those that count in each week, Monday being 0.
        ranges: first and last day of each stretch of dates, ascending and apart from each other.
    """

    weekdays: frozenset[int]
    ranges: tuple[tuple[date, date], ...]

    @classmethod
    def of(cls, weekdays: Iterable[str], dates: Iterable[str]) -> CalendarDays:
        """The days as an entry has them: `mon`; `2026-12-24` or `2026-12-24..2027-01-02`.

        Raises:
            ValueError: One of them is no such day.
        """
        ranges = [parse_dates(text) for text in dates]
        return cls(frozenset(WEEKDAYS.index(name) for name in weekdays), merged(ranges))

    @cached_property
    def digest(self) -> str:
        """16 hex digits of SHA-256, another one for other days."""
        text = "\n".join((" ".join(self.weekday_names), *self.dates))
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    @property
    def weekday_names(self) -> list[str]:
        """The days of the week, Monday first."""
        return [WEEKDAYS[number] for number in sorted(self.weekdays)]

    @property
    def dates(self) -> list[str]:
        """The dates as an entry has them."""
        return [
            first.isoformat() if first == last else f"{first}{RANGE_SIGN}{last}"
            for first, last in self.ranges
        ]

    def __contains__(self, day: date) -> bool:
        """Whether the day is one of them."""
        if day.weekday() in self.weekdays:
            return True
        at = bisect_right(self.ranges, (day, date.max)) - 1
        return at >= 0 and day <= self.ranges[at][1]


def parse_dates(text: str) -> tuple[date, date]:
    """First and last day of `2026-12-24` or `2026-12-24..2027-01-02`.

    Raises:
        ValueError: It is neither, or ends before it begins.
    """
    first, sign, last = text.partition(RANGE_SIGN)
    begin = _date(first)
    end = _date(last) if sign else begin
    if end < begin:
        raise ValueError(f"{text!r} ends before it begins")
    return begin, end


def _date(text: str) -> date:
    if len(text) != 10 or text[4] != "-" or text[7] != "-":
        raise ValueError(f"{text!r} is not a date such as 2026-12-24")
    return date.fromisoformat(text)


def merged(ranges: Iterable[tuple[date, date]]) -> tuple[tuple[date, date], ...]:
    """The same dates as ranges that neither overlap nor touch, ascending."""
    found: list[tuple[date, date]] = []
    for first, last in sorted(ranges):
        if found and first <= found[-1][1] + timedelta(days=1):
            found[-1] = (found[-1][0], max(found[-1][1], last))
        else:
            found.append((first, last))
    return tuple(found)


_KEPT: dict[str, CalendarDays] = {}


def keep(days: CalendarDays) -> str:
    """Have the days found by their digest from now on, which is returned."""
    _KEPT.setdefault(days.digest, days)
    return days.digest


def days_of(digest: str) -> CalendarDays:
    """The days that a digest names.

    Raises:
        UnknownDays: Nobody has kept them.
    """
    try:
        return _KEPT[digest]
    except KeyError:
        raise UnknownDays(digest) from None


class DayRule(msgspec.Struct, frozen=True, dict=True):
    """On which days a job runs: those of any calendar in `only`, if there is one, and of none in `without`."""

    only: tuple[CalendarDays, ...]
    without: tuple[CalendarDays, ...]

    @cached_property
    def last_date(self) -> date | None:
        """The last date of any of the calendars; after it the days of the week decide alone."""
        return max((days.ranges[-1][1] for days in (*self.only, *self.without) if days.ranges), default=None)

    def allows(self, day: date) -> bool:
        """Whether a job runs on a day."""
        wanted = not self.only or any(day in days for days in self.only)
        return wanted and not any(day in days for days in self.without)

    def next_allowed(self, day: date) -> date | None:
        """The first day from `day` on, itself included, on which a job runs; None if none comes."""
        for each in self._days_from(day):
            if self.allows(each):
                return each
        return None

    def allowed_stretches(self, first: date, last: date) -> Iterator[tuple[date, date]]:
        """The stretches of consecutive days from `first` to `last` on which a job runs, ascending."""
        begin: date | None = None
        day = first
        while day <= last:
            allowed = self.allows(day)
            if allowed and begin is None:
                begin = day
            elif not allowed and begin is not None:
                yield begin, day - _DAY
                begin = None
            day += _DAY
        if begin is not None:
            yield begin, last

    def _days_from(self, day: date) -> Iterator[date]:
        """The days from one on; a week after the last date of any calendar nothing new comes."""
        end = max(day, self.last_date or day) + 8 * _DAY
        while day < end:
            yield day
            day += _DAY


_DAY = timedelta(days=1)

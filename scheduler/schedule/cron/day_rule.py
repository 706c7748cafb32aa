"""Which days of a year match: by number, by weekday, and by their place in the month. Zones do not matter here.

Some days are told by their place: `L` is the last day of the month, `LW` its last working day (Monday to Friday),
`15W` the working day nearest to day 15 in the same month, `5#3` the third Friday, `5L` the last Friday. A month that
lacks such a day (`31W`, `5#5`) is left out. These forms stand in the day fields beside numbers, and restrict a field
as numbers do: `0 0 L * 5` is the last day of the month, and each Friday.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from typing import Literal

import msgspec

_LEAP_MONTH_DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
_EVERY_SEVENTH = sum(1 << day for day in range(0, 366, 7))
_SATURDAY, _SUNDAY = 6, 0


class DayForm(msgspec.Struct, frozen=True):
    """A day that is told by its place in the month.

    Attributes:
        kind: Which form it is.
        value: Of `15W` the day of the month, of `5#3` and `5L` the weekday (0 is Sunday), else 0.
        nth: Of `5#3`, 3; else 0.
    """

    kind: Literal["last_day", "last_workday", "nearest_workday", "nth_weekday", "last_weekday"]
    value: int = 0
    nth: int = 0


class DayRule(msgspec.Struct, frozen=True):
    """Which days match: bit masks of the values of the three day fields, and the forms of two of them.

    Attributes:
        both: Whether day of month and day of week must both match; otherwise either is enough.
        day_forms: Those of the day of month.
        weekday_forms: Those of the day of week.
    """

    days: int
    months: int
    weekdays: int
    both: bool
    day_forms: tuple[DayForm, ...] = ()
    weekday_forms: tuple[DayForm, ...] = ()


class _Month(msgspec.Struct, frozen=True):
    """A month of some year: its number, its length, its beginning as a day of the year from 0, and that weekday."""

    number: int
    length: int
    begin: int
    first_weekday: int

    def weekday(self, day: int) -> int:
        """The weekday of a day of this month; 0 is Sunday."""
        return (self.first_weekday + day - 1) % 7


def ever_matches(rule: DayRule) -> bool:
    """Whether any year has such a day; there are only 14 kinds of years, and each of them comes."""
    return any(matching_days(rule, leap, weekday) for leap in (False, True) for weekday in range(7))


@lru_cache(maxsize=4096)
def matching_days(rule: DayRule, leap: bool, first_weekday: int) -> int:
    """The matching days of a year as bits; there are only 14 kinds of years.

    Args:
        rule: Which days match.
        leap: Whether the year is a leap year.
        first_weekday: The weekday of its 1 January; 0 is Sunday.
    """
    by_month_day = by_weekday = in_month = 0
    for month in _months(leap, first_weekday):
        whole = (1 << month.length) - 1
        by_month_day |= (rule.days >> 1 & whole) << month.begin
        if rule.months >> month.number & 1:
            in_month |= whole << month.begin
        by_month_day |= _placed(rule.day_forms, month)
        by_weekday |= _placed(rule.weekday_forms, month)
    for day in range(7):
        if rule.weekdays >> (first_weekday + day) % 7 & 1:
            by_weekday |= _EVERY_SEVENTH << day
    return in_month & (by_month_day & by_weekday if rule.both else by_month_day | by_weekday)


def _months(leap: bool, first_weekday: int) -> Iterator[_Month]:
    begin = 0
    for number, longest in enumerate(_LEAP_MONTH_DAYS, start=1):
        length = longest if leap or number != 2 else 28
        yield _Month(number, length, begin, (first_weekday + begin) % 7)
        begin += length


def _placed(forms: tuple[DayForm, ...], month: _Month) -> int:
    """The days of a month that the forms tell, as bits of the year."""
    days = 0
    for form in forms:
        if (day := _day_of(form, month)) is not None:
            days |= 1 << month.begin + day - 1
    return days


def _day_of(form: DayForm, month: _Month) -> int | None:
    """The day of a month that a form tells; None if the month lacks it."""
    last = month.length
    if form.kind == "last_day":
        return last
    if form.kind == "last_workday":
        return _nearest_workday(last, month)
    if form.kind == "nearest_workday":
        return _nearest_workday(form.value, month) if form.value <= last else None
    if form.kind == "last_weekday":
        return last - (month.weekday(last) - form.value) % 7
    day = 1 + (form.value - month.first_weekday) % 7 + 7 * (form.nth - 1)
    return day if day <= last else None


def _nearest_workday(day: int, month: _Month) -> int:
    """The day itself, or for a Saturday the Friday before, for a Sunday the Monday after; never in another month."""
    if month.weekday(day) == _SATURDAY:
        return day - 1 if day > 1 else day + 2
    if month.weekday(day) == _SUNDAY:
        return day + 1 if day < month.length else day - 2
    return day

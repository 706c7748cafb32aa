"""The parts of a cron expression: the five fields, what each may hold, and the types into which they are read."""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from scheduler.schedule.cron.day_rule import DayForm, DayRule, ever_matches


class FieldSpec(msgspec.Struct, frozen=True):
    """What one field may hold."""

    name: str
    unit: str
    low: int
    high: int
    star_high: int
    names: dict[str, int]


_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")

FIELDS = (
    FieldSpec("minute", "minute", 0, 59, 59, {}),
    FieldSpec("hour", "hour", 0, 23, 23, {}),
    FieldSpec("day of month", "day", 1, 31, 31, {}),
    FieldSpec("month", "month", 1, 12, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    FieldSpec("day of week", "day", 0, 7, 6, {name: number for number, name in enumerate(_DAYS)}),
)
MINUTE, HOUR, DAY, MONTH, WEEKDAY = range(5)


class Part(msgspec.Struct, frozen=True):
    """One element of a field's list: the values `low`, `low + step`, … up to `high`."""

    low: int
    high: int
    step: int
    star: bool

    @property
    def alone(self) -> bool:
        """Whether the part holds its first value only, because the step, if any, leads past the end."""
        return self.low + self.step > self.high


class CronField(msgspec.Struct, frozen=True):
    """A field that has been read.

    Attributes:
        text: The field with names as numbers, as croniter gets it.
        starred: Whether it begins with `*` (`*/2` too); cron calls such a field unrestricted.
        mask: The values that match (day of week: 7 counts as 0).
        parts: What the list holds, in the order written, but for the forms.
        forms: The days that it tells by their place in the month, such as `L` and `5#3`.
    """

    text: str
    starred: bool
    mask: int
    parts: tuple[Part, ...]
    forms: tuple[DayForm, ...] = ()

    def values(self) -> list[int]:
        """The values that match, ascending."""
        return [value for value in range(self.mask.bit_length()) if self.mask >> value & 1]


class CronFields(NamedTuple):
    """The five fields of an expression."""

    minute: CronField
    hour: CronField
    day: CronField
    month: CronField
    weekday: CronField

    @property
    def either_day(self) -> bool:
        """Whether day of month and day of week are both restricted, so that either is enough."""
        return not (self.day.starred or self.weekday.starred)

    @property
    def ever_comes(self) -> bool:
        """Whether such a day exists: one of the months is sometimes long enough, or a weekday suffices."""
        if self.day.forms or self.weekday.forms:
            return ever_matches(day_rule(self.day, self.month, self.weekday))
        first_day = self.day.values()[0]
        return self.either_day or any(first_day <= LONGEST_MONTH_DAYS[month] for month in self.month.values())


def day_rule(day: CronField, month: CronField, weekday: CronField) -> DayRule:
    """Which days the three fields name together."""
    both = day.starred or weekday.starred
    return DayRule(day.mask, month.mask, weekday.mask, both, day.forms, weekday.forms)


ALIASES = {
    "@yearly": "0 0 1 1 *",
    "@annually": "0 0 1 1 *",
    "@monthly": "0 0 1 * *",
    "@weekly": "0 0 * * 0",
    "@daily": "0 0 * * *",
    "@midnight": "0 0 * * *",
    "@hourly": "0 * * * *",
}
LONGEST_MONTH_DAYS = (0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

"""Other schedulers' readings of an expression, written from their manuals and Debian's source, for comparison.

Each reader gives what an expression means there (`Meaning`), or None where that scheduler refuses it or the
meaning is one that is not compared (`L`, `W`, `#`). Nothing of the product is used here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

_MONTHS = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"]
_DAYS = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"]


@dataclass(frozen=True)
class Meaning:
    """What an expression names: values of wall-clock fields, days by a rule, and years unless it is every one."""

    seconds: frozenset[int]
    minutes: frozenset[int]
    hours: frozenset[int]
    day: Callable[[date], bool]
    years: frozenset[int] | None = None

    def holds(self, wall: datetime) -> bool:
        """Whether it names a wall time."""
        return (
            wall.second in self.seconds
            and wall.minute in self.minutes
            and wall.hour in self.hours
            and self.on(wall.date())
        )

    def on(self, day: date) -> bool:
        """Whether it names a date."""
        return (self.years is None or day.year in self.years) and self.day(day)

    def instants(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """The instants in (after, until], on a clock in UTC."""
        day = after.date()
        while day <= until.date():
            if self.on(day):
                for hour in sorted(self.hours):
                    for minute in sorted(self.minutes):
                        for second in sorted(self.seconds):
                            found = datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=UTC)
                            if after < found <= until:
                                yield found
            day += timedelta(days=1)


@dataclass(frozen=True)
class DebianEntry:
    """An entry of a crontab as Debian's cron has read it.

    Attributes:
        meaning: What it names.
        fixed_time: Neither MIN_STAR nor HR_STAR is set.
        backward: A range ends before it begins, and holds nothing.
        rest_skipped: Something that is no part of the field was skipped.
    """

    meaning: Meaning
    fixed_time: bool
    backward: bool
    rest_skipped: bool


def debian(expression: str) -> DebianEntry | None:
    """Five fields as `load_entry` in entry.c reads them (cron 3.0pl1-162); no aliases."""
    words = expression.split()
    if len(words) != 5:
        return None
    months = {name: number for number, name in enumerate(_MONTHS, start=1)}
    weekdays = {name: number for number, name in enumerate(_DAYS)}
    ranges: Sequence[tuple[int, int, dict[str, int]]] = (
        *((0, 59, {}), (0, 23, {}), (1, 31, {}), (1, 12, months), (0, 7, weekdays)),
    )
    lists = [_DebianList(word, *spec) for word, spec in zip(words, ranges, strict=True)]
    if not all(field.good for field in lists):
        return None
    minutes, hours, days, months_found, dows = (frozenset(field.values) for field in lists)
    if dows & {0, 7}:
        dows |= {0, 7}
    star = words[2].startswith("*") or words[4].startswith("*")

    def day(of: date) -> bool:
        dom, dow = of.day in days, of.isoweekday() in dows
        return of.month in months_found and (dom and dow if star else dom or dow)

    return DebianEntry(
        Meaning(frozenset({0}), minutes, hours, day),
        not words[0].startswith("*") and not words[1].startswith("*"),
        any(field.backward for field in lists),
        any(field.rest for field in lists),
    )


class _DebianList:
    """`get_list`, `get_range` and `get_number`: one character ahead, as there."""

    def __init__(self, text: str, low: int, high: int, names: dict[str, int]) -> None:
        self.rest = text
        self.values: set[int] = set()
        self.backward = False
        self._low, self._high, self._names = low, high, names
        self.good = self._range()
        while self.good and self._next(","):
            self.good = self._range()

    def _next(self, character: str) -> bool:
        found = self.rest.startswith(character)
        if found:
            self.rest = self.rest[1:]
        return found

    def _number(self, names: dict[str, int]) -> int | None:
        found = re.match("[A-Za-z0-9]*", self.rest)
        assert found is not None
        self.rest = self.rest[found.end() :]
        if found[0].upper() in names:
            return names[found[0].upper()]
        return int(found[0]) if found[0].isdecimal() else None

    def _range(self) -> bool:
        first: int | None
        last: int | None
        if self._next("*"):
            first, last = self._low, self._high
        else:
            first = self._number(self._names)
            if first is None:
                return False
            if not self._next("-"):
                self.values.add(first)
                return self._low <= first <= self._high and not self.rest.startswith("/")
            last = self._number(self._names)
        step: int | None = 1
        if self._next("/"):
            step = self._number({})
        if last is None or not step:
            return False
        if not (self._low <= first <= self._high and self._low <= last <= self._high):
            return False
        self.backward = self.backward or last < first
        self.values |= set(range(first, last + 1, step))
        return True


def quartz(expression: str) -> Meaning | None:
    """Quartz: second to day of week, and perhaps a year; one day is `?`, and Sunday is 1."""
    words = expression.split()
    if len(words) not in (6, 7) or [word for word in (words[3], words[5]) if "?" in word] != ["?"]:
        return None
    return _meaning(words[0], words[1:6], words[6] if len(words) == 7 else "*", first_weekday=1)


def aws(expression: str) -> Meaning | None:
    """AWS EventBridge: minute to day of week, and a year; one day is `?`, and Sunday is 1."""
    words = expression.split()
    if len(words) != 6 or [word for word in (words[2], words[4]) if "?" in word] != ["?"]:
        return None
    return _meaning("0", words[:5], words[5], first_weekday=1)


def seconds_first(expression: str) -> Meaning | None:
    """Schedulers with a second before the five fields and Sunday as 0 or 7, where they agree about days.

    An expression with a single `?` for a day is Quartz's.
    """
    words = expression.split()
    if len(words) != 6 or quartz(expression) is not None:
        return None
    if words[3] not in ("*", "?") and words[5] not in ("*", "?"):
        return None
    return _meaning(words[0], words[1:6], "*", first_weekday=0)


def seconds_last(expression: str) -> Meaning | None:
    """croniter: the five fields, with their own rule for days, and a second behind them."""
    words = expression.split()
    if len(words) != 6 or not re.fullmatch("[0-9]{1,2}", words[5]) or int(words[5]) > 59:
        return None
    entry = debian(" ".join(words[:5]))
    if entry is None or entry.backward or entry.rest_skipped:
        return None
    five = entry.meaning
    return Meaning(frozenset({int(words[5])}), five.minutes, five.hours, five.day)


def _meaning(second: str, five: Sequence[str], year: str, first_weekday: int) -> Meaning | None:
    days = [word.replace("?", "*") for word in (five[2], five[4])]
    last_weekday = first_weekday + 6 if first_weekday else 7
    names = {name: number for number, name in enumerate(_DAYS, start=first_weekday)}
    read = (
        _values(second, 0, 59, {}),
        _values(five[0], 0, 59, {}),
        _values(five[1], 0, 23, {}),
        _values(days[0], 1, 31, {}),
        _values(five[3], 1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
        _values(days[1], first_weekday, last_weekday, names),
        _values(year, 1970, 2199, {}),
    )
    if None in read:
        return None
    seconds, minutes, hours, month_days, months, dows, years = (values or frozenset() for values in read)
    weekdays = {(value - first_weekday) % 7 for value in dows}

    def day(of: date) -> bool:
        return of.month in months and of.day in month_days and of.isoweekday() % 7 in weekdays

    return Meaning(seconds, minutes, hours, day, years)


def _values(word: str, low: int, high: int, names: dict[str, int]) -> frozenset[int] | None:
    """A list of `*`, `a`, `a-b`, each perhaps with a step; `a/n` goes to the end."""
    found: set[int] = set()
    for piece in word.split(","):
        shape = re.fullmatch(
            r"(?:(\*)|([0-9]+|[A-Z]{3})(?:-([0-9]+|[A-Z]{3}))?)(?:/([0-9]+))?", piece.upper()
        )
        if shape is None:
            return None
        star, begin, end, step = shape.groups()
        ends = [names.get(text, int(text) if text.isdecimal() else -1) for text in (begin, end) if text]
        first = low if star else ends[0]
        last = ends[1] if end else high if star or step else first
        if not low <= first <= last <= high or step == "0":
            return None
        found |= set(range(first, last + 1, int(step or 1)))
    return frozenset(found)

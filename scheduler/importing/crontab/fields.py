"""The times of an entry, as the two crons read them: five fields into sets of values, or one of the `@` words.

This is a reading of its own, by the source of these crons and not by `scheduler.schedule`, so that what comes of an
import can be compared with it. It keeps what they let pass: Debian's cron skips what follows a value without a comma
(`5L` is 5), a range that ends before it begins holds nothing, and a step may lead past the end.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from scheduler.importing.crontab.dialect import Dialect

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


class _Range(NamedTuple):
    name: str
    low: int
    high: int
    names: dict[str, int]


_RANGES = (
    _Range("minute", 0, 59, {}),
    _Range("hour", 0, 23, {}),
    _Range("day of month", 1, 31, {}),
    _Range("month", 1, 12, {name: number for number, name in enumerate(_MONTHS, start=1)}),
    _Range("day of week", 0, 7, {name: number for number, name in enumerate(_DAYS)}),
)
_ALIASES = {
    "yearly": "0 0 1 1 *",
    "annually": "0 0 1 1 *",
    "monthly": "0 0 1 * *",
    "weekly": "0 0 * * 0",
    "daily": "0 0 * * *",
    "midnight": "0 0 * * *",
    "hourly": "0 * * * *",
}
REBOOT = "reboot"
_ALNUM = re.compile(r"[A-Za-z0-9]*")


class BadTimes(Exception):
    """Cron refuses the times of an entry; the message says which field."""


class Field(NamedTuple):
    """One field: what it holds.

    Attributes:
        values: as cron counts them; of the day of week 0 and 7 together, where one of them is there.
        starred: whether it begins with `*`.
        drawn: a range of which cronie draws one value when it reads the file (`5~20`); `values` lacks it then.
        skipped: text behind a part that Debian's cron skips.
    """

    values: frozenset[int]
    starred: bool
    drawn: tuple[int, int] | None = None
    skipped: str = ""


class Times(NamedTuple):
    """When an entry runs.

    Attributes:
        fields: minute, hour, day of month, month, day of week; empty at a boot.
        written: the five fields or the `@` word, with single blanks.
        at_boot: whether it runs once when cron starts after a boot.
    """

    fields: tuple[Field, ...]
    written: str
    at_boot: bool = False

    @property
    def fixed_time(self) -> bool:
        """Whether neither minute nor hour begins with `*` (neither MIN_STAR nor HR_STAR is set)."""
        return not (self.fields[0].starred or self.fields[1].starred)


def read_times(text: str, dialect: Dialect) -> tuple[Times, str]:
    """The times that an entry begins with, and the rest of it, without blanks in front.

    Raises:
        BadTimes: cron refuses them, or nothing follows them.
    """
    if text.startswith("@"):
        word, _, rest = text.replace("\t", " ").partition(" ")
        rest = text[len(word) :].lstrip(" \t")
        if word[1:] == REBOOT:
            times = Times((), word, at_boot=True)
        elif word[1:] in _ALIASES:
            fields = _ALIASES[word[1:]].split()
            times = Times(tuple(_read(fields[at], at, dialect) for at in range(5)), word)
        else:
            raise BadTimes(f"cron knows no {word}")
    else:
        words: list[str] = []
        rest = text
        while len(words) < 5 and rest:
            found = re.match(r"[^ \t]+", rest)
            assert found is not None, "blanks are skipped"
            words.append(found[0])
            rest = rest[found.end() :].lstrip(" \t")
        if len(words) < 5:
            raise BadTimes("it has no five fields of time and a command behind them")
        times = Times(tuple(_read(word, at, dialect) for at, word in enumerate(words)), " ".join(words))
    if not rest:
        raise BadTimes("no command follows the times")
    if rest.startswith("*"):
        raise BadTimes(
            "a sixth * stands where the command should: cron takes it for a slip and refuses the line"
        )
    return times, rest


def _read(word: str, at: int, dialect: Dialect) -> Field:
    reader = _ListReader(word, _RANGES[at], dialect)
    try:
        return reader.field(sunday=at == 4)
    except BadTimes:
        if dialect == "debian" and "~" in word:
            raise BadTimes(
                f"{word!r} is no {_RANGES[at].name}: only cronie draws one out of a range"
            ) from None
        raise


class _ListReader:
    """`get_list`, `get_range` and `get_number` of entry.c, one character ahead as there."""

    def __init__(self, word: str, of: _Range, dialect: Dialect) -> None:
        self._word, self._rest, self._of, self._dialect = word, word, of, dialect
        self._values: set[int] = set()
        self._drawn: tuple[int, int] | None = None

    def field(self, *, sunday: bool) -> Field:
        self._range()
        while self._next(","):
            self._range()
        if self._rest and self._dialect == "cronie":
            raise self._bad()
        values = self._values
        if sunday and values & {0, 7}:
            values |= {0, 7}
        return Field(frozenset(values), self._word.startswith("*"), self._drawn, self._rest)

    def _bad(self) -> BadTimes:
        return BadTimes(f"{self._word[:100]!r} is no {self._of.name} that cron takes")

    def _next(self, character: str) -> bool:
        found = self._rest.startswith(character)
        if found:
            self._rest = self._rest[1:]
        return found

    def _number(self, names: dict[str, int]) -> int:
        found = _ALNUM.match(self._rest)
        assert found is not None, "it may be empty"
        self._rest = self._rest[found.end() :]
        if (value := names.get(found[0].lower())) is not None:
            return value
        if not found[0].isdecimal():
            raise self._bad()
        return int(found[0]) if len(found[0].lstrip("0")) <= 6 else 1_000_000

    def _checked(self, value: int) -> int:
        if not self._of.low <= value <= self._of.high:
            raise self._bad()
        return value

    def _range(self) -> None:
        low, high = self._of.low, self._of.high
        if self._next("*"):
            first, last = low, high
        elif self._dialect == "cronie" and self._next("~"):
            self._draw(low)
            return
        else:
            first = self._number(self._of.names)
            if self._dialect == "cronie" and self._next("~"):
                self._draw(first)
                return
            if not self._next("-"):
                if self._rest.startswith("/"):
                    raise self._bad()
                self._values.add(self._checked(first))
                return
            last = self._number(self._of.names)
        step = 1
        if self._next("/"):
            step = self._number({})
            if not step:
                raise self._bad()
        if self._dialect == "cronie" and first > last == 0:
            last = 7
        self._values |= set(range(self._checked(first), self._checked(last) + 1, step))

    def _draw(self, first: int) -> None:
        """A range of which cronie draws one."""
        last = self._of.high
        if self._rest[:1].isalnum():
            last = self._number(self._of.names)
        if self._checked(first) > self._checked(last) or self._drawn is not None:
            raise self._bad()
        self._drawn = (first, last)

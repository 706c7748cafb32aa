"""Calendar events, the values of `OnCalendar=`: the whole grammar, read as systemd reads it.

Source: systemd.time(7), and calendarspec.c of systemd 252 to 256.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

COMPONENTS_MAX = 240
YEARS = range(1970, 2200)
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_FULL_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_WEEKDAY = re.compile("|".join([*_FULL_DAYS, *_DAYS]), re.IGNORECASE)
_SHORTHANDS = {
    "minutely": "*-*-* *:*:00",
    "hourly": "*-*-* *:00:00",
    "daily": "*-*-* 00:00:00",
    "monthly": "*-*-01 00:00:00",
    "weekly": "Mon *-*-* 00:00:00",
    **dict.fromkeys(("yearly", "annually", "anually"), "*-01-01 00:00:00"),
    "quarterly": "*-01,04,07,10-01 00:00:00",
    **dict.fromkeys(("biannually", "bi-annually", "semiannually", "semi-annually"), "*-01,07-01 00:00:00"),
}
_NUMBER = re.compile(r"([0-9]{1,9})(?:\.([0-9]+))?")


class BadEvent(Exception):
    """A text is no calendar event, or one that is not carried over; the message says which part."""


class Component(NamedTuple):
    """One element of a list: `first`, `first..last`, either with a repetition; None where there is none."""

    first: int
    last: int | None
    step: int | None


class CalendarEvent(NamedTuple):
    """When something happens; a list that is None stands for every value.

    Attributes:
        weekdays: 0 is Monday; None: each.
        from_end: the days count from the end of the month, 1 is the last.
        seconds: whole ones.
        zone: as written behind the times; empty: the machine's.
    """

    weekdays: frozenset[int] | None
    years: tuple[Component, ...] | None
    months: tuple[Component, ...] | None
    days: tuple[Component, ...] | None
    from_end: bool
    hours: tuple[Component, ...] | None
    minutes: tuple[Component, ...] | None
    seconds: tuple[Component, ...] | None
    zone: str


def read_event(text: str, known_zone: Callable[[str], bool]) -> CalendarEvent:
    """The event that a text means.

    Args:
        text: the value of `OnCalendar=`.
        known_zone: whether a word is the name of a time zone.

    Raises:
        BadEvent: it is none, or has fractions of seconds or the abbreviation of a zone.
    """
    written = text.strip()
    if len(written) > 2_000:
        raise BadEvent("it is longer than 2,000 characters")
    zone = ""
    head, _, last = written.rpartition(" ")
    if head and last.upper() == "UTC":
        written, zone = head, "UTC"
    elif head and known_zone(last):
        written, zone = head, last
    written = _SHORTHANDS.get(written.strip().lower(), written)
    return _Reader(written).event(zone)


class _Reader:
    def __init__(self, text: str) -> None:
        self._whole = text
        self._rest = text

    def event(self, zone: str) -> CalendarEvent:
        if not self._rest:
            raise BadEvent("it is empty")
        weekdays = self._weekdays()
        if self._rest.startswith("@"):
            raise BadEvent(f"{self._rest!r} is a number of seconds since 1970: write it as a time")
        years, months, days, from_end = self._date()
        hours, minutes, seconds = self._time()
        event = CalendarEvent(weekdays, years, months, days, from_end, hours, minutes, seconds, zone)
        return _in_order(event, self._whole)

    def _bad(self, at: str = "") -> BadEvent:
        where = f" at {at[:50]!r}" if at else ""
        return BadEvent(f"{self._whole[:200]!r} is no calendar event{where}")

    def _weekdays(self) -> frozenset[int] | None:
        days: set[int] = set()
        begin: int | None = None
        while (found := _WEEKDAY.match(self._rest)) is not None:
            day = _DAYS.index(found[0][:3].lower())
            self._rest = self._rest[found.end() :]
            if self._rest and self._rest[0] not in "-., ":
                raise self._bad(self._rest)
            if begin is not None:
                if begin > day:
                    raise self._bad(found[0])
                days |= set(range(begin, day))
            days.add(day)
            if self._rest.startswith(("..", "-")) and begin is None:
                begin, self._rest = day, self._rest[2 if self._rest[0] == "." else 1 :]
            else:
                if self._rest.startswith((".", "-")):
                    raise self._bad(self._rest)
                begin, self._rest = None, self._rest.removeprefix(",")
            if not self._rest or self._rest[0] == " ":
                break
        if begin is not None or (days and self._rest and self._rest[0] != " "):
            raise self._bad(self._rest)
        self._rest = self._rest.lstrip(" ")
        return frozenset(days) if days and len(days) < 7 else None

    def _date(
        self,
    ) -> tuple[
        tuple[Component, ...] | None, tuple[Component, ...] | None, tuple[Component, ...] | None, bool
    ]:
        kept = self._rest
        if not kept:
            return None, None, None, False
        first = self._chain()
        if not self._rest or self._rest[0] == ":":
            self._rest = kept
            return None, None, None, False
        from_end = self._separator()
        second = self._chain()
        if not self._rest or self._rest[0] == " ":
            self._rest = self._rest.lstrip(" ")
            return None, first, second, from_end and second is not None
        if from_end:
            raise self._bad(self._rest)
        from_end = self._separator()
        third = self._chain()
        if self._rest and self._rest[0] != " ":
            raise self._bad(self._rest)
        self._rest = self._rest.lstrip(" ")
        return _full_years(first), second, third, from_end and third is not None

    def _separator(self) -> bool:
        if not self._rest.startswith(("-", "~")):
            raise self._bad(self._rest)
        from_end = self._rest[0] == "~"
        self._rest = self._rest[1:]
        return from_end

    def _time(
        self,
    ) -> tuple[tuple[Component, ...] | None, tuple[Component, ...] | None, tuple[Component, ...] | None]:
        zero = (Component(0, None, None),)
        if not self._rest:
            return zero, zero, zero
        hours = self._chain()
        self._colon()
        minutes = self._chain()
        if not self._rest:
            return hours, minutes, zero
        self._colon()
        seconds = self._chain(seconds=True)
        if self._rest:
            raise self._bad(self._rest)
        return hours, minutes, seconds

    def _colon(self) -> None:
        if not self._rest.startswith(":"):
            raise self._bad(self._rest)
        self._rest = self._rest[1:]

    def _chain(self, *, seconds: bool = False) -> tuple[Component, ...] | None:
        if self._rest.startswith("*"):
            self._rest = self._rest[1:]
            # `*/5` is no component to systemd: what follows is refused by whoever comes next.
            return None
        found: list[Component] = []
        while True:
            first = self._number(seconds)
            last: int | None = None
            step: int | None = None
            if self._rest.startswith(".."):
                self._rest = self._rest[2:]
                last, step = self._number(seconds), 1
            if self._rest.startswith("/"):
                self._rest = self._rest[1:]
                step = self._number(seconds)
                if not step:
                    raise self._bad(self._rest)
            elif last is not None and seconds and first + 1 > last:
                raise self._bad(self._rest)
            if self._rest and self._rest[0] not in " ,-~:":
                raise self._bad(self._rest)
            found.append(Component(first, last, step))
            if len(found) > COMPONENTS_MAX:
                raise self._bad(self._rest)
            if not self._rest.startswith(","):
                return tuple(found)
            self._rest = self._rest[1:]

    def _number(self, seconds: bool) -> int:
        found = _NUMBER.match(self._rest)
        if found is None:
            raise self._bad(self._rest)
        if seconds and found[2] and self._rest[found.start(2) - 2 : found.start(2)] != "..":
            if found[2].strip("0"):
                raise BadEvent(f"{self._whole!r} has fractions of a second, and instants here are whole ones")
            self._rest = self._rest[found.end() :]
        else:
            self._rest = self._rest[found.end(1) :]
        return int(found[1])


def _full_years(years: tuple[Component, ...] | None) -> tuple[Component, ...] | None:
    """Years of two digits are those from 1970 to 2069."""
    if years is None:
        return None

    def full(year: int) -> int:
        return year + 2_000 if year < 70 else year + 1_900 if year < 100 else year

    return tuple(
        Component(full(each.first), None if each.last is None else full(each.last), each.step)
        for each in years
    )


_BOUNDS = {
    "years": (YEARS[0], YEARS[-1]),
    "months": (1, 12),
    "days": (1, 31),
    "hours": (0, 23),
    "minutes": (0, 59),
    "seconds": (0, 59),
}


def _in_order(event: CalendarEvent, text: str) -> CalendarEvent:
    """The event with its lists in order, as systemd has them before it looks for what lies out of range."""
    found: dict[str, tuple[Component, ...] | None] = {}
    for name, (low, high) in _BOUNDS.items():
        components: tuple[Component, ...] | None = getattr(event, name)
        found[name] = None
        if components is None:
            continue
        from_end = event.from_end and name == "days"
        ordered = tuple(sorted({_plain(each) for each in components}, key=lambda each: each[0]))
        for number, each in enumerate(ordered):
            # systemd takes three days less for each further member of a list that counts from the end.
            highest = high - 3 * (number + 1) if from_end else high
            if not _fits(each, low, highest, from_end):
                raise BadEvent(f"{text[:200]!r} has {name} out of range")
        found[name] = ordered
    return event._replace(
        years=found["years"],
        months=found["months"],
        days=found["days"],
        hours=found["hours"],
        minutes=found["minutes"],
        seconds=found["seconds"],
    )


def _plain(component: Component) -> Component:
    """A range cut to a multiple of its step, and a range or a step that comes to one value as that value."""
    first, last, step = component
    if last is not None and last > first and step:
        last -= (last - first) % step
    return Component(first, None, None) if last == first else Component(first, last, step)


def _fits(component: Component, low: int, high: int, from_end: bool) -> bool:
    first, last, step = component
    if not low <= first <= high or (step or 0) > high - low:
        return False
    if last is not None:
        return low <= last <= high and first + (step or 0) <= last
    return step is None or (first - step >= low if from_end else first + step <= high)


def values(components: tuple[Component, ...] | None, low: int, high: int) -> list[int]:
    """The values of a list between two bounds, ascending."""
    if components is None:
        return list(range(low, high + 1))
    found: set[int] = set()
    for first, last, step in components:
        end = high if step and last is None else first if last is None else min(last, high)
        found |= set(range(first, end + 1, step or 1))
    return sorted(value for value in found if low <= value <= high)


def days_of_month(event: CalendarEvent, length: int) -> list[int]:
    """The days of a month of so many days, ascending, whatever their weekday."""
    if event.days is None or not event.from_end:
        return values(event.days, 1, length)
    found: set[int] = set()
    for first, last, step in event.days:
        # Counted from the end, a range runs from its last member up to its first one.
        begin = length - (first if last is None else last) + 1
        end = length - first + 1 if last is not None else length if step else begin
        found |= set(range(begin, end + 1, step or 1))
    return sorted(day for day in found if 1 <= day <= length)

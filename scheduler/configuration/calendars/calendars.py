"""The `calendars:` block: names of days, which jobs run on alone or leave out."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Final

from scheduler.configuration.calendars.file_days import FileDays
from scheduler.configuration.keys.converters import FaultCollector
from scheduler.configuration.keys.values import mapping, scalar, text
from scheduler.configuration.keys.written_form import TEXT, WORD, closed, one_or_more
from scheduler.configuration.model import SlowParts
from scheduler.configuration.spelling import nearest
from scheduler.configuration.trust import Untrusted, read_trusted
from scheduler.configuration.yaml_tree.problems import InvalidValue, Problems
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar
from scheduler.configuration.yaml_tree.tree import Sequence as Items
from scheduler.rules.reconcile import CalendarDefinition
from scheduler.schedule.calendars.calendar_days import WEEKDAYS, CalendarDays, keep, merged, parse_dates

_KEYS = ("dates", "weekdays", "ical")
_WANTED = f"a mapping of {', '.join(_KEYS)}: days of a calendar, such as {{dates: [2026-12-24..2027-01-02]}}"
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,63}")
CALENDAR_FORM: Final = closed(
    {"dates": one_or_more(TEXT), "weekdays": one_or_more(WORD), "ical": one_or_more(TEXT)}
)
"""How a calendar is written, as JSON Schema."""
STRETCHES_MAX = 2_000
"""A calendar is recorded in one entry, and an entry is one line of at most 65,535 bytes."""
ICAL_BYTES_MAX = 4 * 1024 * 1024
Range = tuple[date, date]


def read_calendars(
    node: Node, problems: Problems, config: Path, home: Path | None, slow: SlowParts
) -> tuple[dict[str, CalendarDefinition | None], list[Path]]:
    """The calendars of a config.

    Args:
        node: What stands under `calendars`.
        problems: Where mistakes are noted.
        config: The file, beside which iCalendar files are looked for if there is no home.
        home: The folder that their paths count from.
        slow: How to come by the days of those files.

    Returns:
        The calendars by name, None for one that is wrong, and the iCalendar files that they name.
    """
    found: dict[str, CalendarDefinition | None] = {}
    files = _Files(home or config.parent, home, slow)
    try:
        entries = mapping(node, "a mapping from the name of each calendar to its days").entries
    except InvalidValue as invalid:
        problems.take(invalid, node, "calendars")
        return {}, []
    for name, (key, body) in entries.items():
        found[name] = None
        try:
            _check_name(key)
            found[name] = _calendar(name, body, files)
        except InvalidValue as invalid:
            problems.take(invalid, body, f"calendars.{name}")
    return found, files.named


def _check_name(key: Scalar) -> None:
    if not _NAME.fullmatch(key.text) or key.text == "none":
        raise InvalidValue(
            f"{key.text!r} is no name of a calendar: letters, digits, '.', '_' and '-' make one, 64 at most",
            node=key,
        )


class _Files:
    """The iCalendar files that a config names: their days, or those that are in force."""

    def __init__(self, root: Path, home: Path | None, slow: SlowParts) -> None:
        self._root, self._home, self._slow = root, home, slow
        self._days = FileDays(home, slow)
        self.named: list[Path] = []

    def in_force(self, name: str, body: Node) -> CalendarDefinition | None:
        """What stands for a calendar of this name and body, whatever its files hold; None if they have to be read."""
        entries = body.entries if isinstance(body, Mapping) else {}
        known = self._slow.calendars.get(name)
        if known is None and not self._slow.days_matter:
            known = CalendarDefinition(name, CalendarDays.of(["mon"], []))
        if known is None or "ical" not in entries:
            return None
        keep(known.days)
        self.named += [self._path(item) for item in _items(entries["ical"][1])]
        return known

    def read(self, node: Node) -> tuple[Sequence[Range], str]:
        """The days of a file, and its SHA-256."""
        path = self._path(node)
        self.named.append(path)
        raw = _content(path, self._home)
        digest = hashlib.sha256(raw).hexdigest()
        try:
            return self._days.of(raw, digest), digest
        except ValueError as problem:
            raise InvalidValue(f"{path}: {problem}") from None

    def _path(self, node: Node) -> Path:
        return self._root / text(node, "the path of an iCalendar file, absolute or relative to the home")


def _calendar(name: str, body: Node, files: _Files) -> CalendarDefinition:
    if (known := files.in_force(name, body)) is not None:
        return known
    gathered = FaultCollector()
    ranges: list[Range] = []
    weekdays: set[str] = set()
    digests: list[str] = []

    def ical(node: Node) -> Sequence[Range]:
        found, digest = files.read(node)
        digests.append(digest)
        return found

    for word, (key, value) in mapping(body, _WANTED).entries.items():
        if word == "dates":
            for item in _items(value):
                ranges += [read] if (read := gathered.take(_dates, item, word)) else []
        elif word == "weekdays":
            for item in _items(value):
                weekdays |= gathered.take(_weekdays, item, word) or set()
        elif word == "ical":
            for item in _items(value):
                ranges += gathered.take(ical, item, word) or []
        else:
            near = nearest(word, _KEYS)
            gathered.take(_unknown(word, near), key)
    gathered.settle()
    days = CalendarDays.of(weekdays, []) if not ranges else CalendarDays(_numbers(weekdays), merged(ranges))
    if not days.weekdays and not days.ranges:
        raise InvalidValue(f"this calendar has no day: it takes {_WANTED}")
    if len(days.ranges) > STRETCHES_MAX:
        raise InvalidValue(
            f"this calendar has {len(days.ranges):,} stretches of dates, {STRETCHES_MAX:,} is the most"
        )
    keep(days)
    whole = digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()
    return CalendarDefinition(name, days, whole if digests else None)


def _numbers(weekdays: set[str]) -> frozenset[int]:
    return frozenset(WEEKDAYS.index(name) for name in weekdays)


def _items(node: Node) -> list[Node]:
    return node.items if isinstance(node, Items) else [node]


def _unknown(word: str, near: str) -> Callable[[Scalar], None]:
    def refuse(key: Scalar) -> None:
        raise InvalidValue(
            f"unknown key {word!r} in a calendar, which takes {', '.join(_KEYS)}", near, node=key
        )

    return refuse


def _dates(node: Node) -> Range:
    wanted = "a date such as 2026-12-24, or the first and last one: 2026-12-24..2027-01-02"
    written = scalar(node, wanted).text
    try:
        return parse_dates(written.strip())
    except ValueError as problem:
        raise InvalidValue(f"{problem}: this takes {wanted}") from None


def _weekdays(node: Node) -> set[str]:
    wanted = f"a day of the week ({', '.join(WEEKDAYS)}), or a span such as mon-fri"
    written = scalar(node, wanted).text
    first, dash, last = written.strip().lower().partition("-")
    if first in WEEKDAYS and (not dash or last in WEEKDAYS):
        begin, end = WEEKDAYS.index(first), WEEKDAYS.index(last or first)
        if begin <= end:
            return set(WEEKDAYS[begin : end + 1])
    near = first[:3] if first[:3] in WEEKDAYS and not dash else ""
    raise InvalidValue(f"{written!r} is no {wanted.removeprefix('a ')}", near)


def _content(path: Path, home: Path | None) -> bytes:
    """The bytes of an iCalendar file, which nobody else may write: who can decides when jobs run."""
    try:
        raw = read_trusted(path, home, ICAL_BYTES_MAX).content
    except Untrusted as problem:
        raise InvalidValue(str(problem)) from None
    except OSError as problem:
        raise InvalidValue(f"{path} cannot be read: {problem.strerror or problem}") from None
    if len(raw) > ICAL_BYTES_MAX:
        raise InvalidValue(f"{path} is larger than {ICAL_BYTES_MAX // 1024 // 1024} MiB")
    return raw

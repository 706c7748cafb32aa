"""A log entry as a line for people, and as members for programs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec

from cli.terminal.console import Tone, fitted, paint
from cli.terminal.printable import printable
from cli.times.show import show_stamp
from scheduler.logs.storage.entry import Level, LogEntry, encode_lines

TONES: dict[Level, Tone] = {
    "debug": "dim",
    "info": "plain",
    "warning": "warn",
    "error": "bad",
    "critical": "bad",
}
_LEVEL_WIDTH = 8
_HANG = len("2026-11-23 02:00:00.123  ")
"""Continuation lines are indented to the level, so that the column of times stays free."""


class LogLines:
    """Words entries as lines: `2026-11-23 02:00:00.123Z  error     nightly[41]: no space left  code=28`.

    Args:
        zone: the zone in which times are shown; colour: whether to colour.
        stamped: whether times have the zone's offset, for a reader that cannot know the zone.
    """

    def __init__(self, zone: str, *, colour: bool, stamped: bool = True) -> None:
        self._zone, self._colour, self._stamped = zone, colour, stamped
        self._second = self._shown = self._offset = ""

    def line(self, entry: LogEntry) -> str:
        """The line, safe to print."""
        tone = TONES[entry.level]
        level = paint(f"{entry.level:<{_LEVEL_WIDTH}}", tone, self._colour)
        source = printable(source_of(entry))
        if entry.stream == "stderr":
            source += " stderr"
        message = paint(printable(entry.message), "plain" if tone == "warn" else tone, self._colour)
        fields = _fields(entry) if entry.stream != "scheduler" else ""
        return (
            f"{paint(self._time(entry), 'dim', self._colour)}  {level}  {source}: {message}"
            f"{paint(fields, 'dim', self._colour)}"
        )

    def fitted_line(self, entry: LogEntry) -> str:
        """The line as it is printed to standard output: at a terminal, it is wrapped between words."""
        return fitted(self.line(entry), hang=_HANG)

    def _time(self, entry: LogEntry) -> str:
        second = entry.time[:19]
        # Many entries share a second, and converting a time to a zone is slow.
        if second != self._second:
            stamp = show_stamp(entry.instant, self._zone)
            self._second, self._shown = second, stamp[:19]
            self._offset = stamp[len("2026-11-23 02:00:00.123") :] if self._stamped else ""
        return f"{self._shown}.{entry.time[20:23]}{self._offset}"


def source_of(entry: LogEntry) -> str:
    """Where a line comes from: `nightly[41]`, or `scheduler`."""
    if entry.stream == "scheduler" or entry.job is None:
        return "scheduler"
    return f"{entry.job}[{entry.run}]"


def members_of(entry: LogEntry) -> dict[str, Any]:
    """All members; those that do not apply are None."""
    return {name: getattr(entry, name) for name in entry.__struct_fields__}


def json_line(entry: LogEntry) -> str:
    """The line of JSON with which an entry is stored."""
    return encode_lines([entry]).decode().removesuffix("\n")


def csv_rows(entries: Iterable[LogEntry]) -> Iterable[list[str]]:
    """A row for each entry, after one with the names of the columns; `fields` as JSON."""
    names = LogEntry.__struct_fields__
    yield list(names)
    for entry in entries:
        values = [getattr(entry, name) for name in names]
        row = ["" if value is None else str(value) for value in values[:-1]]
        yield [*row, "" if entry.fields is None else msgspec.json.encode(entry.fields).decode()]


def _fields(entry: LogEntry) -> str:
    shown = [
        f"{name}={value if isinstance(value, str) else msgspec.json.encode(value).decode()}"
        for name, value in (entry.fields or {}).items()
    ]
    return "  " + printable(" ".join(shown)) if shown else ""

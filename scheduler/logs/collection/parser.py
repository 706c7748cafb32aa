"""What a line of output says: its level, its message, its fields.

A line that is a JSON object with a level or a message, at most 64 objects and arrays deep, keeps both, and its
other members are its fields. Any other line is its own message; its level is the one that it begins with in one of
the usual ways (`ERROR: …`, `2026-11-23 02:00:00 [warning]` in capitals, `level=warn`), else `info` on standard
output and `warning` on standard error. So a program that logs `INFO` to standard error, as many do, raises no
alarm.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from eventstore.nesting import nests_deeper
from scheduler.logs.storage.entry import Level, Stream

_NAMES: Final[dict[str, Level]] = {
    "trace": "debug", "debug": "debug", "verbose": "debug", "dbg": "debug", "fine": "debug",
    "info": "info", "information": "info", "informational": "info", "notice": "info", "inf": "info",
    "warn": "warning", "warning": "warning", "wrn": "warning",
    "error": "error", "err": "error", "severe": "error",
    "critical": "critical", "crit": "critical", "fatal": "critical", "panic": "critical", "alert": "critical",
    "emerg": "critical", "emergency": "critical",
}  # fmt: skip
_SYSLOG: Final[tuple[Level, ...]] = (
    "critical", "critical", "critical", "error", "warning", "info", "info", "debug",
)  # fmt: skip
_LEVEL_KEYS: Final = ("level", "severity", "lvl", "levelname", "log.level")
_MESSAGE_KEYS: Final = ("message", "msg")
_TIME_KEYS: Final = ("timestamp", "time", "ts", "@timestamp")

_WORD: Final = "(TRACE|DEBUG|INFO|NOTICE|WARN|WARNING|ERROR|CRITICAL|FATAL|PANIC)"
_SEARCHED: Final = 120
_AT_START: Final = re.compile(
    r"(?:[\[(<]?[0-9][0-9T:.,/+Z -]{5,40}[\])>]?[ \t]{0,4})?[\[(<|]?[ ]?"
    + _WORD
    + r"[ ]{0,4}(?:[\])>:|,\s-]|$)"
)
_SET_APART: Final = re.compile(r"(?: - |[\[|(<] ?)" + _WORD + r"(?: - |[ ]{0,4}[\])>|])")
_LOGFMT: Final = re.compile(r"(?:^|\s)(?:level|lvl|severity)=\"?([A-Za-z]{3,13})\b")
_HINTS: Final = (
    b"TRACE", b"DEBUG", b"INFO", b"NOTICE", b"WARN", b"ERROR", b"CRITICAL", b"FATAL", b"PANIC",
    b"level=", b"lvl=", b"severity=",
)  # fmt: skip
_COLOUR: Final = re.compile(r"\x1b\[[0-9;]{0,32}[A-Za-z]")
FIELDS_NESTING_MAX: Final = 64
"""How deep a line of JSON may nest to be parsed; a deeper line is its own message."""
_DECODER: Final = msgspec.json.Decoder()


class ParsedLine(NamedTuple):
    """What a line says; `time` is the instant that the line names itself, aware, or None."""

    level: Level
    message: str
    fields: dict[str, Any] | None = None
    time: datetime | None = None


def speaks_of_levels(block: bytes) -> bool:
    """Whether any line of a block may say its own level: a quick look at many lines."""
    return any(hint in block for hint in _HINTS)


def parse(line: bytes, stream: Stream, *, cut: bool = False, levels: bool = True) -> ParsedLine:
    r"""What a line says.

    Bytes that are not UTF-8, and NUL, appear escaped (`\xff`); terminal colours are removed.

    Args:
        line: without its LF.
        stream: where it came from.
        cut: whether `line` is only the beginning of a line; then it is not parsed as JSON.
        levels: whether plain text is searched for a level of its own.
    """
    if line[:1] == b"{" and not cut:
        said = _of_object(line, stream)
        if said is not None:
            return said
    text = readable(line)
    return ParsedLine((_own_level(text) if levels else None) or _by_stream(stream), text)


def readable(line: bytes) -> str:
    """A line as text that can be searched: no colours, no CR at its end, bytes that are no characters escaped."""
    text = line.decode("utf-8", "backslashreplace").removesuffix("\r")
    if "\x1b" in text:
        text = _COLOUR.sub("", text)
    return text.replace("\0", "\\x00") if "\0" in text else text


def level_named(value: object) -> Level | None:
    """The level that a value of a JSON line means: a name, a syslog severity (0 to 7), or bunyan's 10 to 60."""
    if isinstance(value, str):
        return _NAMES.get(value.strip().lower())
    if isinstance(value, int) and not isinstance(value, bool):
        if 0 <= value < len(_SYSLOG):
            return _SYSLOG[value]
        bunyan: dict[int, Level] = {
            10: "debug",
            20: "debug",
            30: "info",
            40: "warning",
            50: "error",
            60: "critical",
        }
        return bunyan.get(value)
    return None


def _of_object(line: bytes, stream: Stream) -> ParsedLine | None:
    if nests_deeper(line, FIELDS_NESTING_MAX):
        return None
    try:
        members = _DECODER.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return None
    if not isinstance(members, dict):
        return None
    level = message = time = None
    for key in _LEVEL_KEYS:
        if key in members and (level := level_named(members[key])) is not None:
            del members[key]
            break
    for key in _MESSAGE_KEYS:
        if isinstance(members.get(key), str):
            message = readable(members.pop(key).encode("utf-8", "backslashreplace"))
            break
    if level is None and message is None:
        return None
    for key in _TIME_KEYS:
        if key in members and (time := own_time(members[key])) is not None:
            break
    return ParsedLine(level or _by_stream(stream), message or "", members or None, time)


def own_time(value: object) -> datetime | None:
    """The instant that a JSON line names: RFC 3339 with an offset, or seconds or milliseconds since 1970."""
    try:
        if isinstance(value, str):
            instant = datetime.fromisoformat(value)
            return None if instant.tzinfo is None else instant.astimezone(UTC)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value / 1000 if value > 1e11 else value, UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return None


def _own_level(text: str) -> Level | None:
    head = text[:_SEARCHED]
    found = _AT_START.match(head) or _SET_APART.search(head)
    if found is None and "=" in head:
        found = _LOGFMT.search(head)
    return _NAMES.get(found[1].lower()) if found else None


def _by_stream(stream: Stream) -> Level:
    return "warning" if stream == "stderr" else "info"

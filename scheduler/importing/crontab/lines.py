"""The lines of a crontab: comments, settings of variables, entries, and what cannot be read.

A line whose first character that is no blank is `#` is a comment. A line that reads as `name = value` sets a variable
for the entries below it (`load_env` in env.c); any other is an entry.
"""

from __future__ import annotations

import re
from typing import NamedTuple

BYTES_MAX = 4 * 1024 * 1024
"""A longer file is no crontab: cronie takes at most 10,000 entries of a user."""
ENTRIES_MAX = 10_000
LINE_MAX_CHARS = 131_072
"""cronie's MAX_COMMAND and MAX_ENVSTR; Debian's cron takes 1,000."""

_BOM = b"\xef\xbb\xbf"
_SETTING = re.compile(
    r"""[ \t]*
    (?:(?P<q>["'])(?P<quoted>[^=]*?)(?P=q)|(?P<name>[^\s="'][^\s=]*))
    \s*=\s*
    (?:(?P<vq>["'])(?P<inner>.*?)(?P=vq)\s*|(?P<value>(?!["']).*?)\s*)""",
    re.VERBOSE | re.DOTALL,
)


class Line(NamedTuple):
    """A line of a crontab.

    Attributes:
        number: counted from 1.
        kind: what it is; `unreadable`: `text` says why.
        text: of a comment what stands behind its `#`, of an entry all of it without blanks in front.
        name: of a setting, the variable; value: what it is set to.
    """

    number: int
    kind: str
    text: str
    name: str = ""
    value: str = ""


class NoCrontab(Exception):
    """The bytes are no crontab at all; the message says why."""


class Crontab(NamedTuple):
    """A crontab that has been split into lines.

    Attributes:
        lines: all of them.
        ends_as_on_windows: whether lines ended with CR LF.
        had_mark: whether it began with a byte order mark.
        unfinished: whether the last line lacks its end.
    """

    lines: list[Line]
    ends_as_on_windows: bool
    had_mark: bool
    unfinished: bool


def split(raw: bytes) -> Crontab:
    """The lines of a crontab.

    Raises:
        NoCrontab: it is too long, holds NUL bytes, or more entries than any cron takes.
    """
    if len(raw) > BYTES_MAX:
        raise NoCrontab(f"it is longer than {BYTES_MAX // 2**20} MiB, which no cron would read")
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise NoCrontab("it is encoded as UTF-16: save it as UTF-8")
    if (at := raw.find(b"\0")) >= 0:
        number = raw.count(b"\n", 0, at) + 1
        raise NoCrontab(f"it is binary: line {number:,} holds a NUL byte")
    had_mark = raw.startswith(_BOM)
    text = raw.removeprefix(_BOM).decode("utf-8", "surrogateescape")
    written = text.split("\n")
    unfinished = bool(written[-1].strip())
    if not written[-1]:
        written.pop()
    windows = any(line.endswith("\r") for line in written)
    lines = [_line(number, line.removesuffix("\r")) for number, line in enumerate(written, start=1)]
    if sum(line.kind == "entry" for line in lines) > ENTRIES_MAX:
        raise NoCrontab(f"it has more than {ENTRIES_MAX:,} entries, which no cron takes")
    return Crontab(lines, windows, had_mark, unfinished)


def _line(number: int, text: str) -> Line:
    bare = text.lstrip(" \t")
    if not bare:
        return Line(number, "blank", "")
    if bare.startswith("#"):
        return Line(number, "comment", _shown(bare.lstrip("#").strip()))
    if len(bare) > LINE_MAX_CHARS:
        return Line(
            number,
            "unreadable",
            f"the line has {len(bare):,} characters, and cron takes at most {LINE_MAX_CHARS:,}",
        )
    if (broken := _not_utf8(bare)) is not None:
        return Line(
            number, "unreadable", f"byte 0x{broken:02x} is not UTF-8, and a config is: save the file as UTF-8"
        )
    found = _SETTING.fullmatch(bare)
    if found is not None:
        name = found["quoted"] if found["q"] else found["name"]
        value = found["inner"] if found["vq"] else found["value"]
        if not (found["vq"] and found["vq"] in found["inner"]):
            return Line(number, "setting", bare, name or "", value)
    return Line(number, "entry", bare)


def _not_utf8(text: str) -> int | None:
    """The first byte that is no part of UTF-8."""
    if text.isascii():
        return None
    return next((ord(char) - 0xDC00 for char in text if 0xDC80 <= ord(char) <= 0xDCFF), None)


def _shown(text: str) -> str:
    """A comment, safe to stand in a config."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if char.isprintable() else " " if char == "\t" else "\ufffd" for char in text)

"""Unit files: sections of `Key=value` (systemd.syntax(7)).

A line that ends with a backslash goes on in the next one; a line that begins with # or ; is a comment, also between
these. A key may stand several times; an empty value takes back what stood before it, where the key is a list.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

BYTES_MAX = 1024 * 1024
LINES_MAX = 20_000
_SECTION = re.compile(r"\[([^\[\]\x00-\x1f]+)\][ \t]*")
_DIRECTIVE = re.compile(r"([A-Za-z][A-Za-z0-9-]*)[ \t]*=[ \t]*(.*)", re.DOTALL)


class NoUnit(Exception):
    """The bytes are no unit file; the message says why."""


class Directive(NamedTuple):
    """A key with a value.

    Attributes:
        file: where it stands; line: counted from 1.
        section: in which it stands.
        key: as written.
        value: with lines joined by blanks.
    """

    file: str
    line: int
    section: str
    key: str
    value: str


class Unit(NamedTuple):
    """A unit with all that is said of it, the drop-ins behind the file.

    Attributes:
        name: such as `backup.timer`.
        file: where it stands.
        directives: in the order in which they count.
    """

    name: str
    file: str
    directives: Sequence[Directive]

    def all(self, section: str, key: str) -> list[Directive]:
        """What a key that is a list holds: all values since the last empty one."""
        found: list[Directive] = []
        for each in self.directives:
            if each.section == section and each.key == key:
                found = [*found, each] if each.value else []
        return found

    def last(self, section: str, key: str) -> Directive | None:
        """The value of a key that has one: the last; None if there is none, or it is empty."""
        found = self.all(section, key)
        return found[-1] if found else None

    def flag(self, section: str, key: str) -> bool:
        """Whether a key is set to yes."""
        found = self.last(section, key)
        return found is not None and found.value.lower() in ("1", "yes", "y", "true", "t", "on")


def read_directives(raw: bytes, file: str) -> list[Directive]:
    """The directives of a file.

    Raises:
        NoUnit: it is none.
    """
    if len(raw) > BYTES_MAX:
        raise NoUnit(f"it is longer than {BYTES_MAX // 2**20} MiB")
    if b"\0" in raw:
        raise NoUnit("it is binary: it holds a NUL byte")
    try:
        text = raw.removeprefix(b"\xef\xbb\xbf").decode("utf-8")
    except UnicodeDecodeError as problem:
        raise NoUnit(f"byte 0x{raw[problem.start]:02x} is not UTF-8") from None
    if text.count("\n") > LINES_MAX:
        raise NoUnit(f"it has more than {LINES_MAX:,} lines")
    found: list[Directive] = []
    section = ""
    for number, line in _joined(text):
        if (heading := _SECTION.fullmatch(line)) is not None:
            section = heading[1]
        elif (directive := _DIRECTIVE.fullmatch(line)) is not None and section:
            found.append(Directive(file, number, section, directive[1], directive[2].strip()))
        else:
            raise NoUnit(f"line {number:,} is neither a [Section] nor Key=value")
    return found


def _joined(text: str) -> Iterator[tuple[int, str]]:
    """The lines that say something, each with the number of its first one."""
    kept, begin = "", 0
    for number, raw in enumerate(text.split("\n"), start=1):
        line = raw.removesuffix("\r").strip()
        if line.startswith(("#", ";")) or (not line and not kept):
            continue
        begin = begin or number
        if line.endswith("\\"):
            kept += line[:-1] + " "
            continue
        if kept + line:
            yield begin, (kept + line).strip()
        kept, begin = "", 0
    if kept.strip():
        yield begin, kept.strip()

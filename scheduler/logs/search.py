"""What a search looks for, and how it is found in a million lines: many lines are dismissed with one look.

The text of an entry is its message, and behind it its fields as JSON. A pattern is looked for in there, whatever the
case of its letters if so wanted: those of ASCII where the pattern is ASCII, else as their lower-case forms.
"""

from __future__ import annotations

import re
from typing import Final

import msgspec

from scheduler.logs.entry import LogEntry
from scheduler.logs.scanning import lines_with

_ENCODER: Final = msgspec.json.Encoder()


class Pattern:
    """A text or a regular expression (Python's) to be found.

    Args:
        text: as typed; not empty.
        regex: whether it is an expression.
        case_sensitive: whether the case of letters counts.

    Raises:
        re.error: it is no expression.
    """

    def __init__(self, text: str, *, regex: bool = False, case_sensitive: bool = False) -> None:
        self._text, self._sensitive = text, case_sensitive
        self._expression: re.Pattern[str] | None = None
        self._needles: tuple[bytes, ...] = ()
        if regex:
            self._expression = re.compile(text, 0 if case_sensitive else re.IGNORECASE)
            return
        if case_sensitive or text.isascii():
            raw = text if case_sensitive else _ascii_lower(text)
            plain = raw.encode("utf-8", "backslashreplace")
            # In a message it is written as JSON writes it, in the text of the fields as it is.
            self._needles = tuple({plain, _ENCODER.encode(plain.decode())[1:-1]})
            if not case_sensitive:
                self._needles = tuple({needle.lower() for needle in self._needles})

    def matches(self, entry: LogEntry) -> bool:
        """Whether it stands in the entry."""
        if self._within(entry.message):
            return True
        return entry.fields is not None and self._within(_ENCODER.encode(entry.fields).decode())

    def matching(self, entries: list[LogEntry]) -> list[LogEntry]:
        """Those of some entries in which it stands."""
        if self._expression is None:
            return [entry for entry in entries if self.matches(entry)]
        search = self._expression.search
        return [
            entry
            for entry in entries
            if search(entry.message) or (entry.fields and search(_ENCODER.encode(entry.fields).decode()))
        ]

    def candidates(self, block: bytes) -> bytes:
        """The lines of a block, with their LF, in which it may stand; mostly none, at the cost of one look."""
        if not self._needles:
            return block
        return lines_with(block, self._needles, None if self._sensitive else block.lower())

    def _within(self, text: str) -> bool:
        if self._expression is not None:
            return self._expression.search(text) is not None
        if self._sensitive:
            return self._text in text
        if self._text.isascii():
            return _ascii_lower(self._text) in _ascii_lower(text)
        return self._text.lower() in text.lower()


_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def _ascii_lower(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(_LOWER)

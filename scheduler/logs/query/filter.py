"""What a search looks for, and how it is found among a million lines: one search dismisses many lines at once.

The text of an entry is its message and its fields as JSON; a pattern is looked for in each. If case does not count,
an ASCII pattern folds the letters of ASCII only; any other pattern is compared in lower case.
"""

from __future__ import annotations

import re
from itertools import accumulate
from typing import Final

import msgspec

from eventstore.nesting import nests_deeper
from scheduler.logs.query.prefilter import RequiredTexts, of_expression, of_text
from scheduler.logs.storage.entry import LogEntry
from scheduler.logs.storage.scan import lines_with

GROUPS_NESTING_MAX: Final = 64
"""How deep the groups of a regular expression may nest."""
_NO_GROUP: Final = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*+\]", re.DOTALL)

_ENCODER: Final = msgspec.json.Encoder()


class _SearchedFields(msgspec.Struct, gc=False):
    """The members of an entry that are searched; the rest of a line is not decoded."""

    message: str
    fields: msgspec.Raw = msgspec.Raw(b"")


_DECODER: Final = msgspec.json.Decoder(_SearchedFields)


class Pattern:
    """A text or a regular expression (Python's) to look for.

    Args:
        text: as typed; not empty.
        regex: whether it is an expression.
        case_sensitive: whether the case of letters counts.

    Raises:
        re.error: the text is no expression, or its groups nest deeper than `GROUPS_NESTING_MAX`.
    """

    def __init__(self, text: str, *, regex: bool = False, case_sensitive: bool = False) -> None:
        self._text, self._sensitive = text, case_sensitive
        self._expression: re.Pattern[str] | None = None
        if regex:
            if _groups_deep(text) > GROUPS_NESTING_MAX:
                raise re.error(f"its groups nest deeper than {GROUPS_NESTING_MAX} levels")
            self._expression = re.compile(text, 0 if case_sensitive else re.IGNORECASE)
            self._required = of_expression(text, case_sensitive=case_sensitive)
        elif case_sensitive or text.isascii():
            plain = (text if case_sensitive else _ascii_lower(text)).encode("utf-8", "backslashreplace")
            # In a message the text is written as JSON writes it; in the text of the fields it stands as it is.
            written = {plain, _ENCODER.encode(plain.decode())[1:-1]}
            needles = tuple(sorted(written if case_sensitive else {needle.lower() for needle in written}))
            self._required = RequiredTexts(needles, needles, exact=case_sensitive)
        else:
            self._required = of_text(text)

    def matches(self, entry: LogEntry) -> bool:
        """Whether the pattern is found in the entry."""
        if self._within(entry.message):
            return True
        return entry.fields is not None and self._within(_ENCODER.encode(entry.fields).decode())

    def matching(self, block: bytes) -> list[bytes]:
        """The lines of a block, without their LF, that are entries in which the pattern is found."""
        within = self._within if self._expression is None else self._expression.search
        try:
            searched = _DECODER.decode_lines(block)
            hits = [
                number
                for number, entry in enumerate(searched)
                if within(entry.message) or (entry.fields and within(str(entry.fields, "utf-8")))
            ]
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            return [line for line in block.split(b"\n") if self._stands_in(line)]
        if not hits:
            return []
        lines = block.split(b"\n")
        # The decoder skips empty lines.
        if len(searched) != len(lines) - 1:
            return [line for line in lines if self._stands_in(line)]
        return [lines[number] for number in hits]

    def candidates(self, block: bytes) -> bytes:
        """The lines of a block, with their LF, in which the pattern may be found: mostly none, and quick to tell."""
        required = self._required
        needles, table = (required.in_ascii, required.table) if block.isascii() else (required.anywhere, None)
        if not needles:
            return block
        if table is not None:
            return lines_with(block, needles, block.translate(table))
        return lines_with(block, needles, None if required.exact else block.lower())

    def _stands_in(self, line: bytes) -> bool:
        if nests_deeper(line):
            return False
        try:
            entry = _DECODER.decode(line)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return False
        return self._within(entry.message) or bool(entry.fields and self._within(str(entry.fields, "utf-8")))

    def _within(self, text: str) -> bool:
        if self._expression is not None:
            return self._expression.search(text) is not None
        if self._sensitive:
            return self._text in text
        if self._text.isascii():
            return _ascii_lower(self._text) in _ascii_lower(text)
        return self._text.lower() in text.lower()


def _groups_deep(expression: str) -> int:
    """How many groups are open at once; escaped brackets and those in sets of characters do not count."""
    brackets = re.sub(r"[^()]", "", _NO_GROUP.sub("", expression))
    return max(accumulate(1 if bracket == "(" else -1 for bracket in brackets), default=0)


_LOWER: Final = {upper: upper + 32 for upper in range(ord("A"), ord("Z") + 1)}


def _ascii_lower(text: str) -> str:
    return text.lower() if text.isascii() else text.translate(_LOWER)

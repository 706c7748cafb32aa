"""Searching captured output for literal texts while it is read in pieces, in bounded memory."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class FoundText(NamedTuple):
    """A text that stands in an output, and the line, from 1, in which it begins."""

    text: str
    line: int


class OutputSearch:
    """Looks for texts in one output, wherever it is cut into pieces.

    Of several texts the one is found whose end comes first; of those that end together the longest. So it does not
    depend on the pieces which one is found. Kept is no more than the longest text, beside the piece itself.

    Args:
        texts: what to look for, in UTF-8; at least one, none empty.

    Attributes:
        found: the first of them that stands there; None as long as none does.
        passes: how often each byte is looked at.
    """

    __slots__ = ("_kept_bytes", "_line", "_sought", "_tail", "found", "passes")

    def __init__(self, texts: Sequence[str]) -> None:
        self._sought = [(text, text.encode()) for text in texts]
        self._kept_bytes = max(len(raw) for _, raw in self._sought) - 1
        self._tail = b""
        self._line = 1
        self.found: FoundText | None = None
        self.passes = len(self._sought)

    def take(self, piece: bytes | memoryview) -> None:
        """Look at the next piece of the output."""
        if self.found is not None:
            return
        window = b"".join((self._tail, piece))
        ends = [(at + len(raw), at, text) for text, raw in self._sought if (at := window.find(raw)) >= 0]
        if ends:
            _, begin, text = min(ends)
            self.found = FoundText(text, self._line + window.count(b"\n", 0, begin))
            self._tail = b""
            return
        cut = max(0, len(window) - self._kept_bytes)
        self._line += window.count(b"\n", 0, cut)
        self._tail = window[cut:]

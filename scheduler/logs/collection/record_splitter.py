"""Cutting a stream of bytes into lines, in bounded memory, however the stream is divided into chunks."""

from __future__ import annotations

from typing import Final, NamedTuple

LINE_BYTES_MAX: Final = 64 * 1024
"""At most this much of a line is kept; the rest is only counted."""
_WORD_BYTES_MAX: Final = 1024
"""A long line is cut between words, unless its last word is longer than this."""


class SplitLines(NamedTuple):
    """Lines without their LF; the first one had `dropped_bytes` more bytes, the others are whole."""

    lines: list[bytes]
    dropped_bytes: int


class LineSplitter:
    """Cuts at LF and nowhere else.

    Attributes:
        offset: where the first line begins that was not returned yet, in bytes of the stream.
        read: how many bytes of the stream were fed, counted from its beginning.
    """

    def __init__(self, offset: int) -> None:
        self.offset = self.read = offset
        self._begun = b""
        self._dropped_bytes = 0

    def feed(self, chunk: bytes) -> SplitLines:
        """The lines that end in this chunk."""
        self.read += len(chunk)
        cut = chunk.rfind(b"\n")
        if cut < 0:
            self._hold(chunk)
            return SplitLines([], 0)
        lines = chunk[:cut].split(b"\n")
        dropped_bytes = self._dropped_bytes
        if dropped_bytes:
            dropped_bytes += len(lines[0])
            lines[0] = self._begun
        else:
            lines[0] = self._begun + lines[0]
        self.offset = self.read - len(chunk) + cut + 1
        self._begun, self._dropped_bytes = b"", 0
        self._hold(chunk[cut + 1 :])
        return SplitLines(lines, dropped_bytes)

    def finish(self) -> SplitLines:
        """The text after the last LF, when nothing follows any more."""
        if self.offset == self.read:
            return SplitLines([], 0)
        last = SplitLines([self._begun], self._dropped_bytes)
        self.offset, self._begun, self._dropped_bytes = self.read, b"", 0
        return last

    def _hold(self, rest: bytes) -> None:
        # One byte more than is kept shows that the line is longer.
        room = LINE_BYTES_MAX + 1 - len(self._begun)
        self._begun += rest[:room]
        self._dropped_bytes += max(0, len(rest) - room)


def bounded(line: bytes, dropped_bytes: int) -> tuple[bytes, int]:
    """A line cut to at most `LINE_BYTES_MAX`, and how many bytes of it are missing.

    The cut lies between words, because half a secret would not be recognised; if that is impossible, between
    characters.
    """
    if len(line) <= LINE_BYTES_MAX and not dropped_bytes:
        return line, 0
    end = LINE_BYTES_MAX
    while end > LINE_BYTES_MAX - 4 and end < len(line) and line[end] & 0xC0 == 0x80:
        end -= 1
    blank = line.rfind(b" ", LINE_BYTES_MAX - _WORD_BYTES_MAX, end)
    if blank >= 0:
        end = blank
    return line[:end], len(line) - len(line[:end]) + dropped_bytes

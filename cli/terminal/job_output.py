"""The output of jobs on its way to a terminal, which would obey what it holds: titles, clipboards, hidden text.

To a pipe or a file the bytes go as they are; at a terminal too, where a person asks for them raw.
"""

from __future__ import annotations

import codecs
import os
import re
import sys

_OBEYED = re.compile(
    "\r(?!\n)|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"  # control characters but tab, line end, and CR before it
    "\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069"  # directions of writing, and line ends that are none
    "\U000e0000-\U000e007f]"  # tags: text that nobody sees
)


class ShownOutput:
    """One stream of a job, chunk by chunk, with everything escaped that a terminal would obey.

    Letters of any script, blanks of any width and line ends stay; what is no text is escaped byte by byte.

    Args:
        encoding: of the terminal.
    """

    def __init__(self, encoding: str = "utf-8") -> None:
        self._encoding = encoding
        self._decoder = codecs.getincrementaldecoder("utf-8")("backslashreplace")
        self._held = ""

    def shown(self, chunk: bytes, *, last: bool = False) -> bytes:
        r"""What is to be written for the next bytes; half a character waits for the rest, unless they are the last.

        >>> ShownOutput().shown(b"a\x1b]0;b\x07c\n")
        b'a\\x1b]0;b\\x07c\n'
        """
        text = self._held + self._decoder.decode(chunk, last)
        self._held = ""
        if text.endswith("\r") and not last:
            text, self._held = text[:-1], "\r"
        return shown_text(text).encode(self._encoding, "backslashreplace")


def shown_text(text: str) -> str:
    """Several lines with everything escaped that a terminal would obey."""
    return _OBEYED.sub(_escaped, text)


def _escaped(found: re.Match[str]) -> str:
    return found[0].encode("unicode_escape").decode()


def shown_output(fd: int, *, raw: bool) -> ShownOutput | None:
    """What is between a job's output and one of our own streams; None where the bytes go as they are."""
    if raw or not os.isatty(fd):
        return None
    stream = sys.stdout if fd == 1 else sys.stderr
    return ShownOutput(getattr(stream, "encoding", None) or "utf-8")

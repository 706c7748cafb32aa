"""Making data safe for a terminal: nothing in it may move the cursor, change colours or reorder text."""

from __future__ import annotations

from scheduler.wording.quantities import show_count

__all__ = ["printable", "show_count"]


def printable(text: str) -> str:
    r"""`text` with everything escaped that is not printable: control characters, line ends, directions of writing.

    >>> printable("a\x1b[2Jb")
    'a\\x1b[2Jb'
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() else char.encode("unicode_escape").decode() for char in text)

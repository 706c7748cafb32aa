"""Where lines end: between words, never within one. Pure: a text and a number of columns in, lines out.

What stands between backticks is something to be copied, and an instant is one thing, as are `entry 41` and `3 min`:
none of them is broken. Nor is a command or a word that is wider than all there is, such as a path: the terminal
itself breaks it, and it is copied whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cli.terminal.display_width import display_width

_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?: UTC| [+-][0-9]{2}:[0-9]{2})?"
_PROOF = r"\[entr(?:y|ies) [0-9, ]+\]"
_NUMBERED = r"\b(?:entry|run|line|column|byte|pid) [0-9]+\b"
_QUANTITY = r"\b[0-9][0-9.,]* (?:ms|s|min|h|d|B|kB|MB|GB|TB)\b"
_WORD = re.compile(rf"(\s*)((?:`[^`]*`|{_INSTANT}|{_PROOF}|{_NUMBERED}|{_QUANTITY}|\S)+)")
_STYLES = re.compile("\x1b\\[[0-9;]*m")


def wrapped(line: str, columns: int, hang: int = 0) -> list[str]:
    """A line of text as lines of at most so many columns, where its words allow it.

    Args:
        line: the text; colours in it take no room. Blanks that it begins with, or that stand between words, are kept.
        columns: how many there are.
        hang: by how many blanks the second line and those after it are indented.
    """
    margin = " " * min(hang, columns // 2)
    room = columns - len(margin)
    lines: list[str] = []
    begun, used = "", 0
    for blank, word in _words(line, room):
        size = _size(word)
        # What fits on no line of its own either stays where it is, if that is where others begin too.
        helps = begun.strip() != "" and (size <= room or used > len(margin))
        if helps and used + len(blank) + size > columns:
            lines.append(begun)
            begun, used = margin + word, len(margin) + size
        else:
            begun, used = begun + blank + word, used + len(blank) + size
    return [*lines, begun]


def _words(line: str, room: int) -> Iterator[tuple[str, str]]:
    """The blanks and the word after them, again and again; only a command stays whole without room."""
    for blank, word in _WORD.findall(line):
        if _size(word) <= room or "`" in word:
            yield blank, word
        else:
            yield from re.findall(r"(\s*)(\S+)", blank + word)


def _size(word: str) -> int:
    return display_width(_STYLES.sub("", word))

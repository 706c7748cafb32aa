"""Wrapping of lines between words, never within one. Pure: a text and a number of columns in, lines out.

A text between backticks is there to be copied, and an instant, `entry 41` and `3 min` each belong together: none of
them is broken. A command or a word that is wider than the terminal, such as a path, is not broken either: the
terminal itself breaks it, and it can be copied whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from cli.terminal.display_width import display_width

_INSTANT = r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}(?: UTC| [+-][0-9]{2}:[0-9]{2})?"
_PROOF = r"\[entr(?:y|ies) [0-9, ]+\]"
_NUMBERED = r"\b(?:entry|run|line|column|byte|pid) [0-9]+\b"
_QUANTITY = r"\b[0-9][0-9.,]* (?:ms|s|min|h|d|B|kB|MB|GB|TB)\b"
# A pattern is compiled by its first use: most commands wrap nothing, and each would wait for it at its start.
_WORD = rf"(\s*)((?:`[^`]*`|{_INSTANT}|{_PROOF}|{_NUMBERED}|{_QUANTITY}|\S)+)"
_STYLES = "\x1b\\[[0-9;]*m"


def wrapped(line: str, columns: int, hang: int = 0) -> list[str]:
    """A line of text as lines of at most `columns` columns, if its words allow it.

    Args:
        line: the text; colours in it take no room. Blanks at its beginning and between words are kept.
        columns: how many columns there are.
        hang: by how many blanks the second and later lines are indented.
    """
    margin = " " * min(hang, columns // 2)
    room = columns - len(margin)
    lines: list[str] = []
    begun, used = "", 0
    for blank, word in _words(line, room):
        size = _size(word)
        # A word that is too long for any line gains nothing from a new line if it begins at the margin already.
        helps = begun.strip() != "" and (size <= room or used > len(margin))
        if helps and used + len(blank) + size > columns:
            lines.append(begun)
            begun, used = margin + word, len(margin) + size
        else:
            begun, used = begun + blank + word, used + len(blank) + size
    return [*lines, begun]


def _words(line: str, room: int) -> Iterator[tuple[str, str]]:
    """Each word with the blanks before it; of the words that are too long, only a command stays whole."""
    for blank, word in re.findall(_WORD, line):
        if _size(word) <= room or "`" in word:
            yield blank, word
        else:
            yield from re.findall(r"(\s*)(\S+)", blank + word)


def _size(word: str) -> int:
    return display_width(re.sub(_STYLES, "", word))

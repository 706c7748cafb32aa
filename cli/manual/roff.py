"""Text in roff, the language of manual pages: escaped so that `man` shows each character as it was.

What is escaped, and why: https://man7.org/linux/man-pages/man7/groff_man_style.7.html. A bare `-` may be shown as a
hyphen, which nobody can paste into a shell; a line that begins with a dot or an apostrophe would be a request.
"""

from __future__ import annotations

import re

_ESCAPES = {
    "\\": "\\(rs",
    "-": "\\-",
    "'": "\\(aq",
    "`": "\\(ga",
    "^": "\\(ha",
    "~": "\\(ti",
    '"': "\\(dq",
}


def text(words: str) -> str:
    """A line of text: white space of any kind, and what cannot be printed, is one space.

    Nothing of it is taken for a request, wherever it stands.
    """
    plain = re.sub(r"\s+", " ", "".join(each if each.isprintable() else " " for each in words)).strip()
    return "".join(map(_escaped, plain))


def literal(line: str) -> str:
    """A line whose spaces count, as in an example; it may stand at the beginning of a line."""
    plain = "".join(each if each.isprintable() else " " for each in line.expandtabs()).rstrip()
    return "\\&" + "".join(map(_escaped, plain))


def paragraph(words: str) -> str:
    """Text that may stand at the beginning of a line of roff."""
    made = text(words)
    return "\\&" + made if made.startswith(".") else made


def bold(words: str) -> str:
    """Words as they are typed."""
    return f"\\fB{text(words)}\\fR"


def italic(words: str) -> str:
    """Words that stand for something else."""
    return f"\\fI{text(words)}\\fR"


def quoted(words: str) -> str:
    """An argument of a request."""
    return f'"{text(words)}"'


def _escaped(character: str) -> str:
    if character in _ESCAPES:
        return _ESCAPES[character]
    return character if character.isascii() else f"\\[u{ord(character):04X}]"

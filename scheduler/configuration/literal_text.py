"""Text of a config that a program gets as it is written, and that reads as if it were something else.

Nothing but a shell expands `$NAME` and `~`. A blank that is none, or a character that cannot be seen, makes a word
another one than the eye has it. The text may be secret: what is said of it does not quote it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from scheduler.configuration.model import ConfigLint
from scheduler.configuration.yaml_tree.tree import Mapping, Node, Scalar, Sequence

_EXPANDABLE = re.compile(
    r"(?:^|(?<=:))(?:\$[A-Z_][A-Z0-9_]+|\$\{[A-Za-z_]\w*\}|~[\w.-]*(?=/)|~(?=:|$))(?=[/:]|$)"
)
"""As a whole part of a path: `$HOME/x`, `${X}`, `~/x`, `$PATH:/opt/x`. A password that holds a $ is none of these."""
_BLANKS_OF_ASCII = " \t\n\r"
_LOOK_LIKE_BLANKS = "\u115f\u1160\u2800\u3164\uffa0"
"""Hangul fillers and the empty braille pattern: letters and signs by their class, and nothing to be seen."""


def may_be_misread(text: str) -> bool:
    """Whether a whole file can hold anything of the kind; most cannot, and then nothing in them is looked at."""
    return not text.isascii() or "$" in text or "~" in text


def literal_lints(job: str, block: Mapping) -> Iterator[ConfigLint]:
    """What reads otherwise than programs take it in a job's command and environment, or in those of `defaults`.

    Args:
        job: its name; empty for `defaults`.
        block: its keys.
    """
    for key in ("command", "working_directory"):
        if key in block.entries:
            yield from _of_words(job, key, block.entries[key][1])
    environment = block.entries["env"][1] if "env" in block.entries else None
    if isinstance(environment, Mapping):
        for name, (_, value) in environment.entries.items():
            yield from _of_words(job, f"env.{name}", value, expandable=True)


def _of_words(job: str, what: str, node: Node, *, expandable: bool = False) -> Iterator[ConfigLint]:
    """Of one value, or of each word in a list: a list is never given to a shell, and a value of `env` neither."""
    if isinstance(node, Sequence):
        for item in node.items:
            yield from _of_words(job, what, item, expandable=True)
    elif isinstance(node, Scalar):
        place = (node.mark.line + 1, node.mark.column + 1, job)
        if expandable and _EXPANDABLE.search(node.text):
            how = (
                "what belongs there"
                if what != "command"
                else "what belongs there, or the command as one text"
            )
            message = f"nothing expands $ and ~ in {what}: the program gets them as they stand; write {how}"
            yield ConfigLint(*place, "not-expanded", message)
        if (found := _unseen(node.text)) is not None:
            at, name = found
            message = (
                f"character {at + 1} of {what} is {name}: it is no blank to programs, whatever it looks like"
            )
            yield ConfigLint(*place, "unseen-character", message)


def _unseen(text: str) -> tuple[int, str] | None:
    """The first character that looks like a blank, or like nothing, and is none of ASCII; where, and its name."""
    if text.isascii():
        return None
    for at, character in enumerate(text):
        if character in _BLANKS_OF_ASCII or not _is_unseen(character):
            continue
        name = unicodedata.name(character, "a character").lower()
        return at, f"U+{ord(character):04X} ({name})"
    return None


def _is_unseen(character: str) -> bool:
    return character.isspace() or unicodedata.category(character) == "Cf" or character in _LOOK_LIKE_BLANKS

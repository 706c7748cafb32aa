"""The shape of what an expression matches: consecutive characters, each from a small set, as four digits and a colon.

If the letters of ASCII are folded and each set is written as one of its members (all digits as `0`), a shape
becomes a text, and a search for a text is quick. This holds for lines of ASCII only, because Unicode has more
digits.
"""

from __future__ import annotations

import math
import string
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

ESCAPED: Final = frozenset('"\\\x7f') | {chr(code) for code in range(0x20)}
"""Characters that JSON may write as an escape of several characters."""
_FEW: Final = 26
_BITS_MIN: Final = 5.0
"""A rarer shape is worth the search: one of 26 letters stands in nearly every line, one of three perhaps not."""
_LENGTH_MAX: Final = 32
_PRINTABLE: Final = 95
_REPEATS: Final = ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT")
_DIGITS: Final = frozenset(string.digits)

LOWER: Final = bytes(range(256)).lower()
"""Folds the letters of ASCII."""

CharacterSet = frozenset[str]
"""The set from which one character comes, letters in lower case."""


class Shape(NamedTuple):
    """A text that every matching line of ASCII contains once its bytes are translated.

    Attributes:
        needle: the text; table: the translation.
        bits: how rare the text would be if all characters were equally frequent.
    """

    needle: bytes
    table: bytes
    bits: float


def shape_of(parsed: Iterable[tuple[Any, Any]]) -> Shape | None:
    """The rarest shape of an expression, given as Python's own parser parsed it; None if no shape is rare enough."""
    best = max(map(_shape, _runs(parsed)), key=lambda shape: shape.bits, default=None)
    return best if best is not None and best.bits >= _BITS_MIN else None


def literal_bits(characters: int) -> float:
    """How rare a text of this length would be, in bits."""
    return characters * math.log2(_PRINTABLE)


def _runs(parsed: Iterable[tuple[Any, Any]]) -> list[list[CharacterSet]]:
    """Sequences of characters that stand in every match."""
    runs: list[list[CharacterSet]] = [[]]
    for op, value in parsed:
        name = str(op)
        few = _few(name, value)
        if few is not None:
            runs[-1].append(few)
        elif name in _REPEATS and value[0] >= 1:
            least, most, repeated = value
            few = _few(str(repeated[0][0]), repeated[0][1]) if len(repeated) == 1 else None
            if few is None:
                runs += [*_runs(repeated), []]
            else:
                each = [few] * min(least, _LENGTH_MAX)
                runs[-1] += each
                # More repetitions may stand between the characters before and those after.
                if len(each) != most:
                    runs.append(list(each))
        elif name == "SUBPATTERN":
            runs += [*_runs(value[3]), []]
        # A position, such as `^`, takes no characters and so does not end a sequence.
        elif name != "AT":
            runs.append([])
    return [run[:_LENGTH_MAX] for run in runs if run]


def _few(name: str, value: Any) -> CharacterSet | None:
    """The characters that an element of an expression matches; None if they are many or JSON escapes some of them."""
    found: set[str] = set()
    for kind, what in [(name, value)] if name != "IN" else [(str(item[0]), item[1]) for item in value]:
        if kind == "LITERAL":
            found.add(chr(what))
        elif kind == "RANGE" and what[1] < 0x80:
            found.update(map(chr, range(what[0], what[1] + 1)))
        elif kind == "CATEGORY" and str(what) == "CATEGORY_DIGIT":
            found |= _DIGITS
        else:
            return None
    if any(char in ESCAPED or char > "\x7f" for char in found):
        return None
    folded = frozenset(char.lower() for char in found)
    return folded if 0 < len(folded) <= _FEW else None


def _shape(run: list[CharacterSet]) -> Shape:
    """A run as a text, in which characters that may stand at the same place are written as one character."""
    groups: list[set[str]] = []
    for few in run:
        merged = set(few)
        for group in [group for group in groups if group & merged]:
            merged |= group
            groups.remove(group)
        groups.append(merged)
    table = bytearray(LOWER)
    sizes: dict[str, int] = {}
    for group in groups:
        first = ord(min(group))
        for char in group:
            table[ord(char)] = table[ord(char.upper())] = first
            sizes[char] = len(group)
    chosen = [next(iter(few)) for few in run]
    needle = bytes(table[ord(char)] for char in chosen)
    return Shape(needle, bytes(table), sum(math.log2(_PRINTABLE / sizes[char]) for char in chosen))

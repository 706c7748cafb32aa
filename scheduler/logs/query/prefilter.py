"""Texts of which one must stand in a line for a pattern to be found there: what dismisses most lines at one look.

What an expression requires is a text in it, or one of several alternatives, or a shape (see `shapes`).

They are looked for in the lines as they are written: UTF-8, in which JSON escapes quotes, backslashes and control
characters. Those end a text here. Where case does not count, letters of ASCII are folded, and a text ends at all
other characters; but `i`, `k` and `s` also equal letters beyond ASCII (an i with or without its dot, the Kelvin sign,
the long s), so there are two sets: one for lines of ASCII only, one for all, whose texts end at those letters too.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from scheduler.logs.query.line_shapes import ESCAPED, literal_bits, shape_of

ALTERNATIVES_MAX: Final = 16

FOLDED_FROM_ELSEWHERE: Final = frozenset("iks")
"""Letters of ASCII that some letter beyond it equals where case does not count."""


class RequiredTexts(NamedTuple):
    """One of these must stand in a line; where there are none, nothing is known.

    Attributes:
        anywhere: in any line.
        in_ascii: in a line that is ASCII only.
        exact: as they are; otherwise in the line with its letters of ASCII in lower case.
        table: for lines of ASCII: how their bytes are translated instead.
    """

    anywhere: tuple[bytes, ...] = ()
    in_ascii: tuple[bytes, ...] = ()
    exact: bool = False
    table: bytes | None = None


def of_text(text: str) -> RequiredTexts:
    """What must stand in a line in which a text does, whatever the case of its letters."""
    return _folded([[text]])


def of_expression(expression: str, *, case_sensitive: bool) -> RequiredTexts:
    """What must stand in a line in which a regular expression matches; nothing, where that cannot be told."""
    try:
        parser: Any = importlib.import_module("re._parser")
        parsed = parser.parse(expression, 0 if case_sensitive else re.IGNORECASE)
        alternatives, shape = _alternatives(parsed.data), shape_of(parsed.data)
        exact = not (parsed.state.flags & re.IGNORECASE) and "(?" not in expression
    except (ImportError, AttributeError, TypeError, ValueError, RecursionError, re.error):
        # The parser is a private part of Python: without it, every line is looked at.
        return RequiredTexts()
    required = _as_it_is(alternatives) if exact else _folded(alternatives)
    if shape is not None and shape.bits > literal_bits(min(map(len, required.in_ascii), default=0)):
        return required._replace(in_ascii=(shape.needle,), table=shape.table)
    return required


def _alternatives(parsed: Iterable[tuple[Any, Any]]) -> list[list[str]]:
    """Sets of texts, each of which has one text in everything that matches: for each set its texts."""
    sets: list[list[str]] = []
    run: list[str] = []

    def end_run() -> None:
        if run:
            sets.append(["".join(run)])
            run.clear()

    for op, value in parsed:
        name = str(op)
        if name == "LITERAL":
            run.append(chr(value))
        elif name == "AT":
            pass  # takes no room
        else:
            end_run()
            if name == "SUBPATTERN":
                sets += _alternatives(value[3])
            elif name == "ATOMIC_GROUP":
                sets += _alternatives(value)
            elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT") and value[0] >= 1:
                sets += _alternatives(value[2])
            elif name == "BRANCH":
                chosen = [_best(_alternatives(branch)) for branch in value[1]]
                if all(chosen) and sum(map(len, chosen)) <= ALTERNATIVES_MAX:
                    sets.append([text for each in chosen for text in each])
    end_run()
    return sets


def _as_it_is(sets: list[list[str]]) -> RequiredTexts:
    texts = _best([[_longest(text, ESCAPED) for text in each] for each in sets])
    needles = tuple(sorted({text.encode("utf-8", "surrogatepass") for text in texts}))
    return RequiredTexts(needles, needles, exact=True)


def _folded(sets: list[list[str]]) -> RequiredTexts:
    lowered = [[_ascii_lower(text) for text in each] for each in sets]
    ended_by = ESCAPED | FOLDED_FROM_ELSEWHERE
    anywhere = [[_longest(text, ended_by, ascii_only=True) for text in each] for each in lowered]
    in_ascii = [[_longest(text, ESCAPED, ascii_only=True) for text in each] for each in lowered]
    return RequiredTexts(_encoded(_best(anywhere)), _encoded(_best(in_ascii)))


def _encoded(texts: list[str]) -> tuple[bytes, ...]:
    return tuple(sorted({text.encode() for text in texts}))


def _best(sets: list[list[str]]) -> list[str]:
    """The set whose shortest text is the longest; empty if each has one that is empty."""
    best = max(sets, key=lambda texts: min(map(len, texts)), default=[])
    return best if all(best) else []


def _longest(text: str, ended_by: frozenset[str], *, ascii_only: bool = False) -> str:
    """The longest part of a text without certain characters."""
    split = "".join("\0" if char in ended_by or (ascii_only and char > "\x7f") else char for char in text)
    return max(split.split("\0"), key=len)


def _ascii_lower(text: str) -> str:
    return "".join(char.lower() if char <= "\x7f" else char for char in text)

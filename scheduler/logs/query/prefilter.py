"""Required texts: a line in which a pattern is found contains one of them, so one search dismisses most lines.

An expression requires a text in it, or one of several alternatives, or a shape (see `line_shapes`).

The texts are looked for in the lines as they are written: UTF-8, in which JSON escapes quotes, backslashes and
control characters. A required text ends at such characters. If case does not count, letters of ASCII are folded,
and a text ends at all characters beyond ASCII. But `i`, `k` and `s` also equal letters beyond ASCII (the dotted and
the dotless i, the Kelvin sign, the long s). So there are two sets: one for lines of ASCII only, and one for all
lines, whose texts end at those three letters too.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from scheduler.logs.query.line_shapes import ESCAPED, literal_bits, shape_of

ALTERNATIVES_MAX: Final = 16

FOLDED_FROM_ELSEWHERE: Final = frozenset("iks")
"""Letters of ASCII that equal some letter beyond ASCII if case does not count."""


class RequiredTexts(NamedTuple):
    """The texts one of which a matching line contains; if there are none, every line may match.

    Attributes:
        anywhere: the texts for any line.
        in_ascii: the texts for a line of ASCII only.
        exact: whether the line is searched as it is; else with its letters of ASCII in lower case.
        table: how the bytes of a line of ASCII are translated instead.
    """

    anywhere: tuple[bytes, ...] = ()
    in_ascii: tuple[bytes, ...] = ()
    exact: bool = False
    table: bytes | None = None


def of_text(text: str) -> RequiredTexts:
    """What a line must contain for a text to be found in it, if case does not count."""
    return _folded([[text]])


def of_expression(expression: str, *, case_sensitive: bool) -> RequiredTexts:
    """What a line must contain for a regular expression to match in it; nothing if that is not known."""
    try:
        parser: Any = importlib.import_module("re._parser")
        parsed = parser.parse(expression, 0 if case_sensitive else re.IGNORECASE)
        alternatives, shape = _alternatives(parsed.data), shape_of(parsed.data)
        exact = not (parsed.state.flags & re.IGNORECASE) and "(?" not in expression
    except (ImportError, AttributeError, TypeError, ValueError, RecursionError, re.error):
        # The parser is a private part of Python: if it has changed, every line is looked at.
        return RequiredTexts()
    required = _as_it_is(alternatives) if exact else _folded(alternatives)
    if shape is not None and shape.bits > literal_bits(min(map(len, required.in_ascii), default=0)):
        return required._replace(in_ascii=(shape.needle,), table=shape.table)
    return required


def _alternatives(parsed: Iterable[tuple[Any, Any]]) -> list[list[str]]:
    """Sets of texts: every match contains, of each set, at least one text."""
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
            # A position, such as `^`, takes no characters.
            pass
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
    """The set whose shortest text is the longest; empty if each set has an empty text."""
    best = max(sets, key=lambda texts: min(map(len, texts)), default=[])
    return best if all(best) else []


def _longest(text: str, ended_by: frozenset[str], *, ascii_only: bool = False) -> str:
    """The longest part of a text that has none of certain characters."""
    split = "".join("\0" if char in ended_by or (ascii_only and char > "\x7f") else char for char in text)
    return max(split.split("\0"), key=len)


def _ascii_lower(text: str) -> str:
    return "".join(char.lower() if char <= "\x7f" else char for char in text)

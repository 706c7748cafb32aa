"""Rows as records, a line for each column: for answers whose table does not fit into the terminal."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from cli.terminal.display_width import display_width

RECORDS_MAX = 20
"""If a table does not fit, at most this many of its rows are shown as records."""
_WHOLE_MAX = 28
"""A cell that is not longer than a time with microseconds is never wrapped."""
_WRAPPED_MIN = 20
"""Longer texts are readable when wrapped if they have at least this much room."""
_DIGEST = re.compile(r"[0-9a-f]{40,128}")
"""A digest: it is compared or copied as a whole, so it is never wrapped."""
_GAP = "  "


class TableFit(NamedTuple):
    """Whether a table of an answer fits into the terminal.

    Attributes:
        fits: whether a line has room for all columns.
        whole: for each column, whether its cells must not be wrapped.
    """

    fits: bool
    whole: list[bool]


def table_fit(names: Sequence[str], rows: Sequence[Sequence[str]], columns: int) -> TableFit:
    """Whether a table of these rows is readable in lines of `columns` characters; a single column always is."""
    needs, whole = [], []
    for number, name in enumerate(names):
        cells = [row[number] for row in rows]
        widest = max(map(display_width, [name, *cells]))
        digests = [display_width(cell) for cell in cells if _DIGEST.fullmatch(cell)]
        least = max(min(widest, _WRAPPED_MIN) if widest > _WHOLE_MAX else widest, *digests, 0)
        needs.append(least + len(_GAP))
        whole.append(least == widest)
    return TableFit(len(names) < 2 or sum(needs) <= columns + len(_GAP), whole)


def records(
    names: Sequence[str], rows: Iterable[Sequence[str]], shown: Callable[[str], str]
) -> Iterator[str]:
    """The rows, each under its number, with an empty line before all but the first.

    A value of several lines continues below its first line; an empty value is shown as `-`.
    """
    labels = [shown(f"{name}:") for name in names]
    indent = max(map(display_width, labels), default=0) + len(_GAP)
    for number, row in enumerate(rows, 1):
        lines = [f"-- row {number}"] if number == 1 else ["", f"-- row {number}"]
        for label, value in zip(labels, row, strict=True):
            first, *others = [shown(line) for line in value.split("\n")]
            lines.append(label + " " * (indent - display_width(label)) + (first or "-"))
            lines += [" " * indent + line for line in others]
        yield "\n".join(lines)

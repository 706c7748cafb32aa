"""Rows as records, a line for each column: for answers for which the terminal is too narrow to show a table."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from cli.terminal.display_width import display_width

RECORDS_MAX = 20
"""Of a table that has no room, so many rows are shown: nobody reads on from there."""
_WHOLE_MAX = 28
"""What is not longer than a time with its microseconds is never wrapped."""
_WRAPPED_MIN = 20
"""Longer texts can be read although they are wrapped, if they have so much room."""
_DIGEST = re.compile(r"[0-9a-f]{40,128}")
"""What is compared or copied as a whole, or not at all."""
_GAP = "  "


class TableFit(NamedTuple):
    """What the columns of an answer need to be read in a table.

    Attributes:
        fits: whether a line has it.
        whole: of each column, whether its cells are not to be wrapped.
    """

    fits: bool
    whole: list[bool]


def table_fit(names: Sequence[str], rows: Sequence[Sequence[str]], columns: int) -> TableFit:
    """Whether a table of these rows can be read in lines of so many columns; one column alone always can."""
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

    A value of several lines goes on below its first one; what is empty is `-`.
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

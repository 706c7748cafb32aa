"""Rows as records, a line for each column: for answers that are wider than any terminal."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from cli.display_width import display_width

_RECORDS_MAX = 20
"""More rows are compared rather than read, which a table is better for."""
_CELL_MIN = 20
"""A table whose columns have so much room each, if they want it, can be read although its cells are wrapped."""
_GAP = "  "


def are_better_as_records(names: Sequence[str], rows: Sequence[Sequence[str]], columns: int) -> bool:
    """Whether these are few rows, and so wide that in a table of so many columns each word would be broken."""
    if not 0 < len(rows) <= _RECORDS_MAX or len(names) < 2:
        return False
    widths = (
        max(map(display_width, [name, *(row[number] for row in rows)])) for number, name in enumerate(names)
    )
    return sum(min(each, _CELL_MIN) + len(_GAP) for each in widths) > columns + len(_GAP)


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

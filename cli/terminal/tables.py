"""Tables and blocks of details: for people at a terminal, for grep and awk in a pipe.

At a terminal a table fits the width (cells wrap, nothing is cut) and is coloured, unless it is very long. In a pipe
it is plain aligned text: one row a line, columns two blanks apart, an empty cell is `-`, and nothing is coloured,
cut or wrapped.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import msgspec

from cli.terminal.console import Tone, fitted, is_terminal, note, out, paint, wants_colour, width
from cli.terminal.display_width import display_width
from cli.terminal.printable import printable

if TYPE_CHECKING:
    from rich.console import Console
    from rich.text import Text


class Column(msgspec.Struct, frozen=True):
    """A column.

    Attributes:
        title: its header.
        under: whether, at a terminal, its cells are dimmed second lines in the column before it.
        right: whether it is aligned to the right, for numbers.
        keep: whether, at a terminal, its cells are not wrapped while there is room; if there is not, columns further
            right are wrapped first.
    """

    title: str
    under: bool = False
    right: bool = False
    keep: bool = False


class Cell(msgspec.Struct, frozen=True):
    """A cell with a tone; a cell without one may be a plain string."""

    text: str
    tone: Tone = "plain"


Row = Sequence[Cell | str]
Value = Cell | str | Sequence[Cell | str]
"""A value of a block of details; if there are several, each has a line of its own."""

_GAP = "  "
_WRAPPED_MIN = 10 + len(_GAP)
_ZONE = r"\(?[A-Z][A-Za-z]+(?:/[A-Za-z0-9_+-]+)+\)?"
"""The name of a time zone is one word, which must not be broken."""
_LAID_OUT_MAX = 1_000
"""A longer table is printed plain, because layout takes about half a millisecond for each row."""


def table(columns: Sequence[Column], rows: Iterable[Row], *, empty: str = "") -> None:
    """Print a table to standard output; `empty` goes to standard error if there are no rows.

    Raises:
        OutputLost, BrokenPipeError: see `cli.terminal.console.out`.
    """
    cells = [[_cell(value) for value in row] for row in rows]
    if not cells:
        if empty:
            note(empty)
        return
    laid_out = is_terminal() and len(cells) <= _LAID_OUT_MAX
    out(_at_terminal(columns, cells) if laid_out else plain_table(columns, cells))


def details(pairs: Iterable[tuple[str, Value]], title: str = "") -> None:
    """Print a block of `name: value` lines to standard output, below a title if there is one.

    Raises:
        OutputLost, BrokenPipeError: see `cli.terminal.console.out`.
    """
    listed = [(printable(name), [_cell(item) for item in _several(value)]) for name, value in pairs]
    if title:
        out(paint(printable(title), "strong", wants_colour()))
    if listed:
        out(block(listed))


def plain_table(columns: Sequence[Column], cells: Sequence[Sequence[Cell]]) -> str:
    """The table as plain aligned text."""
    texts = [[column.title for column in columns], *([cell.text or "-" for cell in row] for row in cells)]
    widths = [max(map(display_width, texts_of_column)) for texts_of_column in zip(*texts, strict=True)]
    lines = []
    for row in texts:
        aligned = [
            _aligned(text, size, column.right)
            for text, size, column in zip(row, widths, columns, strict=True)
        ]
        lines.append(_GAP.join(aligned).rstrip())
    return "\n".join(lines)


def block(listed: Sequence[tuple[str, Sequence[Cell]]]) -> str:
    """The block as text; further values of a name, and wrapped lines, are indented below its first value."""
    colour = wants_colour()
    indent = max(len(name) for name, _ in listed) + len(":" + _GAP)
    lines = []
    for name, cells in listed:
        for number, cell in enumerate(cells or [Cell("-")]):
            label = paint(f"{name + ':' if name and number == 0 else '':<{indent}}", "dim", colour)
            lines.append(fitted(label + paint(cell.text or "-", cell.tone, colour), hang=indent))
    return "\n".join(lines)


def _aligned(text: str, size: int, right: bool) -> str:
    blank = " " * (size - display_width(text))
    return blank + text if right else text + blank


def _cell(value: Cell | str) -> Cell:
    return Cell(printable(value)) if isinstance(value, str) else Cell(printable(value.text), value.tone)


def _several(value: Value) -> Sequence[Cell | str]:
    return [value] if isinstance(value, str | Cell) else value


# -- at a terminal, with rich ------------------------------------------------------------------------------------


def _console() -> Console:
    from rich.console import Console

    colour = wants_colour()
    return Console(
        width=width(), force_terminal=True, no_color=not colour, color_system="auto" if colour else None,
        highlight=False, markup=False, emoji=False, legacy_windows=False,
    )  # fmt: skip


def _text(cell: Cell) -> Text:
    from rich.text import Text

    style = {"plain": "", "good": "green", "bad": "red", "warn": "yellow", "dim": "dim", "strong": "bold"}
    return Text(cell.text, style=style[cell.tone])


def _at_terminal(columns: Sequence[Column], cells: Sequence[Sequence[Cell]]) -> str:
    from rich.table import Table
    from rich.text import Text

    shown = [index for index, column in enumerate(columns) if not column.under]
    kept = _kept(columns, cells)
    given = _given(columns, cells, kept)
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="dim", show_edge=False)
    for index in shown:
        table.add_column(
            Text(columns[index].title), justify="right" if columns[index].right else "left", overflow="fold",
            no_wrap=index in kept, width=given.get(index),
        )  # fmt: skip
    for row in cells:
        merged = []
        for index in shown:
            text = _text(row[index])
            if index + 1 < len(columns) and columns[index + 1].under and row[index + 1].text:
                text.append("\n").append_text(_text(Cell(row[index + 1].text, "dim")))
            merged.append(text)
        table.add_row(*merged)
    return _rendered(table)


def fits(columns: Sequence[Column], rows: Iterable[Row]) -> bool:
    """Whether the table fits the terminal with each row on one line and no column under another."""
    return (
        is_terminal() and sum(_widths(columns, [[_cell(value) for value in row] for row in rows])) <= width()
    )


def _widths(columns: Sequence[Column], cells: Sequence[Sequence[Cell]]) -> list[int]:
    """How much room each column takes, including the gap to the next."""
    return [
        max([len(column.title), *(display_width(row[index].text) for row in cells)]) + len(_GAP)
        for index, column in enumerate(columns)
    ]


def _kept(columns: Sequence[Column], cells: Sequence[Sequence[Cell]]) -> set[int]:
    """The columns whose cells are not wrapped: as many `keep` columns as leave the other columns their least room.

    The least room is ten characters, or the width of a zone; but the first column is not wrapped for a zone.
    """
    widths, least = _widths(columns, cells), _least(columns, cells)
    shown = [index for index, column in enumerate(columns) if not column.under]

    def fitting(least: Sequence[int], always: int) -> set[int] | None:
        kept = [index for index in shown if columns[index].keep]
        while sum(widths[index] if index in kept else least[index] for index in shown) > width():
            if len(kept) <= always:
                return None
            kept.pop()
        return set(kept)

    narrow = [min(room, _WRAPPED_MIN) for room in widths]
    return fitting(least, 1) or fitting(narrow, 0) or set()


def _least(columns: Sequence[Column], cells: Sequence[Sequence[Cell]]) -> list[int]:
    """The least room of each column, including the gap to the next and the needs of the column under it."""
    found = []
    for index, full in enumerate(_widths(columns, cells)):
        parts = [index, index + 1] if index + 1 < len(columns) and columns[index + 1].under else [index]
        texts = [text for part in parts for text in (columns[part].title, *(row[part].text for row in cells))]
        zones = (display_width(zone) + len(_GAP) for text in texts for zone in re.findall(_ZONE, text))
        found.append(max([min(full, _WRAPPED_MIN), *zones]))
    return found


def _given(columns: Sequence[Column], cells: Sequence[Sequence[Cell]], kept: set[int]) -> Mapping[int, int]:
    """The widths, without the gap, of the columns whose cells are wrapped, so that names of zones stay whole.

    The widest columns are narrowed first, and none below its least room. The result is empty if there is room for all
    columns, if no zone is wider than the usual least room, or if there is too little room.
    """
    least, full = _least(columns, cells), _widths(columns, cells)
    for index, column in enumerate(columns[1:]):
        if column.under:
            full[index] = max(full[index], full[index + 1])
    shown = [index for index, column in enumerate(columns) if not column.under]
    wrapped = [index for index in shown if index not in kept]
    room = width() - sum(full[index] for index in kept)
    if sum(full[index] for index in wrapped) <= room or all(
        least[index] <= _WRAPPED_MIN for index in wrapped
    ):
        return {}
    if sum(least[index] for index in wrapped) > room:
        return {}
    level = max(least[index] for index in wrapped)
    while sum(max(least[index], min(full[index], level + 1)) for index in wrapped) <= room:
        level += 1
    while sum(max(least[index], min(full[index], level)) for index in wrapped) > room:
        level -= 1
    return {index: max(least[index], min(full[index], level)) - len(_GAP) for index in wrapped}


def _rendered(renderable: object) -> str:
    console = _console()
    with console.capture() as capture:
        console.print(renderable)
    return "\n".join(line.rstrip() for line in capture.get().rstrip("\n").split("\n"))

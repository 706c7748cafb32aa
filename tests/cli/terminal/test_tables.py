from __future__ import annotations

import io
import re
from contextlib import redirect_stdout

import pytest

from cli.terminal.display_width import display_width
from cli.terminal.printable import printable
from cli.terminal.tables import Cell, Column, details, table
from tests.support.command import Screen

COLUMNS = [
    Column("NAME", keep=True),
    Column("SCHEDULE"),
    Column("AS WRITTEN", under=True),
    Column("RUNS", right=True),
]
ROWS: list[list[Cell | str]] = [
    ["nightly", "at 02:30 on Monday to Friday in every month of the year", "30 2 * * mon-fri", "7"],
    ["a\x1b[2Jb\nc", Cell("disabled since yesterday because of disk maintenance", "warn"), "", "12000"],
]
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


def _printed(stream: io.StringIO) -> str:
    with redirect_stdout(stream):
        table(COLUMNS, ROWS)
    return stream.getvalue()


def test_in_a_pipe_a_row_is_a_line_and_nothing_is_coloured_or_cut() -> None:
    """Plain aligned columns two blanks apart, an empty cell is `-`."""
    lines = _printed(io.StringIO()).splitlines()
    assert [re.split(r" {2,}", line) for line in lines] == [
        ["NAME", "SCHEDULE", "AS WRITTEN", "RUNS"],
        ["nightly", "at 02:30 on Monday to Friday in every month of the year", "30 2 * * mon-fri", "7"],
        [r"a\x1b[2Jb\nc", "disabled since yesterday because of disk maintenance", "-", "12000"],
    ]
    assert (
        len({line.index(end) + len(end) for line, end in zip(lines, ("RUNS", "7", "12000"), strict=True)})
        == 1
    )


@pytest.mark.parametrize("columns", [40, 80, 120])
def test_at_a_terminal_a_table_fits_the_width_and_loses_nothing(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No line is wider than the terminal, and every word is still there."""
    monkeypatch.setenv("COLUMNS", str(columns))
    text = ESCAPES.sub("", _printed(Screen()))
    assert max(len(line) for line in text.splitlines()) <= columns
    assert "\x1b" not in text
    for word in ("nightly", "Friday", "mon-fri", "maintenance", "12000"):
        assert word in text


def test_colours_are_for_terminals_that_want_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """NO_COLOR and a dumb terminal get no escape sequence at all."""
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert "\x1b[33m" in _printed(Screen())
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in _printed(Screen())
    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert "\x1b" not in _printed(Screen())


def test_details_line_up_and_further_values_are_indented() -> None:
    """A block is `name: value`, one line a value."""
    stream = io.StringIO()
    with redirect_stdout(stream):
        details([("zone", "UTC"), ("running", ["run 1", "run 2"])], title="nightly")
    assert stream.getvalue() == "nightly\nzone:     UTC\nrunning:  run 1\n          run 2\n"


@pytest.mark.parametrize("text", ["\x1b[2J", "a\nb", "\x9b31m", "\u202eevil", "\x7f", "\udcff", "\x00"])
def test_nothing_unprintable_passes(text: str) -> None:
    """Control characters, directions of writing and lone surrogates are shown escaped."""
    assert printable(text).isprintable()
    assert printable("Ünïcode ✓ 日本") == "Ünïcode ✓ 日本"


def test_wide_characters_take_two_columns() -> None:
    """Alignment counts columns, not characters."""
    assert [display_width(text) for text in ("abc", "日本", "e\u0301")] == [3, 4, 1]


@pytest.mark.parametrize(("columns", "whole"), [(80, True), (66, True), (36, False)])
def test_names_of_zones_stay_whole(columns: int, whole: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """A zone is not cut in two while anything but the first column can give way."""
    monkeypatch.setenv("COLUMNS", str(columns))
    titles = [
        Column("NAME", keep=True), Column("SCHEDULE"), Column("AS WRITTEN", under=True), Column("LAST RUN"),
        Column("NEXT RUN (America/New_York)", keep=True),
    ]  # fmt: skip
    row = [
        "nightly-backup",
        "at 02:30 on Monday",
        "30 2 * * 1 America/New_York",
        "never ran",
        "2026-11-24 02:30:00",
    ]
    stream = Screen()
    with redirect_stdout(stream):
        table(titles, [row])
    text = ESCAPES.sub("", stream.getvalue())
    assert max(len(line) for line in text.splitlines()) <= columns
    assert (text.count("America/New_York") == 2) == whole
    assert ("nightly-backup" in text) == whole

from __future__ import annotations

import re
from collections.abc import Sequence
from contextlib import redirect_stderr, redirect_stdout

import pytest

from cli.sql.formats import show_table
from tests.support.command import Screen

ESCAPES = re.compile(r"\x1b\[[0-9;]*m")
DIGEST = "0123456789abcdef" * 4
TIME = "2026-11-23T09:18:51.123456Z"


def shown(
    monkeypatch: pytest.MonkeyPatch, names: Sequence[str], rows: Sequence[Sequence[str]], columns: int = 80
) -> tuple[list[str], str]:
    """The lines that a terminal of so many columns shows, and what is remarked beside them."""
    monkeypatch.setenv("COLUMNS", str(columns))
    screen, remarks = Screen(), Screen()
    with redirect_stdout(screen), redirect_stderr(remarks):
        show_table([(name, "VARCHAR") for name in names], rows)
    return ESCAPES.sub("", screen.getvalue()).splitlines(), ESCAPES.sub("", remarks.getvalue())


@pytest.mark.parametrize("rows", [1, 30])
def test_a_digest_is_never_broken(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Beside short and long texts it stands whole on its line: in a table if that has room, else in a record."""
    for names in (["seq", "hash"], ["hash", "text"], ["seq", "prev", "hash", "text"]):
        row = [{"seq": "7", "text": "so many words " * 20}.get(name, DIGEST) for name in names]
        lines, _ = shown(monkeypatch, names, [row] * rows)
        whole = sum(name in {"hash", "prev"} for name in names) * min(rows, 20)
        assert sum(line.count(DIGEST) for line in lines) >= whole
        assert not any(re.search(r"[0-9a-f]{20,}", line.replace(DIGEST, "")) for line in lines)


def test_many_rows_that_have_no_room_are_records_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first twenty, each value on one line, and a remark that there are more; with room they are a table."""
    names = [f"column_{number}" for number in range(10)]
    rows = [[TIME, '{"some": "JSON of a payload"}', *["short"] * 8]] * 1_234
    lines, remark = shown(monkeypatch, names, rows)
    assert [line for line in lines if line.startswith("-- row")] == [f"-- row {row}" for row in range(1, 21)]
    assert lines[1:3] == [f"column_0:  {TIME}", 'column_1:  {"some": "JSON of a payload"}']
    assert " ".join(remark.split()).startswith("the first 20 of 1,234 rows, as records: there is no room")
    lines, remark = shown(monkeypatch, names, rows[:100], columns=160)
    assert lines[0].split() == names
    assert (len(lines), remark) == (101, "")


def test_a_table_that_has_room_breaks_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Long texts are wrapped for the sake of what is short."""
    lines, _ = shown(monkeypatch, ["text", "time"], [["so many words " * 20, TIME]] * 3)
    assert sum(TIME in line for line in lines) == 3
    assert max(map(len, lines)) <= 80

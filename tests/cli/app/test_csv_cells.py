from __future__ import annotations

import csv
import io
from pathlib import Path

from cli.app.csv_cells import CsvLines
from tests.support.command import call
from tests.support.output import HandWritten


def test_no_cell_begins_a_row() -> None:
    """A line end of any kind within a cell stays within it, and the lines themselves end with LF."""
    rows = [["a\rb", "c\nd"], ["e\r\nf", 'g"h,'], ["", "i"]]
    lines = CsvLines()
    for row in rows:
        lines.add(row)
    (text,) = lines.taken(least=1)
    assert list(csv.reader(io.StringIO(text, newline=""))) == rows
    assert text.endswith("\n")
    assert not text.endswith("\r\n")
    assert list(lines.taken(least=1)) == []


def test_a_line_that_a_job_printed_is_no_formula(tmp_path: Path) -> None:
    """What jobs print is anybody's text: exported log entries guard it, and leave it where that is wanted."""
    home = HandWritten(tmp_path / "home")
    run = home.begin()
    home.put(run, b"=HYPERLINK(1)\n-5\nfine\n")
    home.end(run)
    home.collect()
    home.close()

    def messages(form: str) -> list[str]:
        answer = call(
            "logs", "export", "--run", str(run), "--stream", "stdout", "--format", form, home=home.home.root
        )
        return [row["message"] for row in csv.DictReader(io.StringIO(answer.out))]

    assert messages("csv") == ["'=HYPERLINK(1)", "-5", "fine"]
    assert messages("csv-exact") == ["=HYPERLINK(1)", "-5", "fine"]

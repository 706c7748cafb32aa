"""CSV, and its cells: a spreadsheet takes a text that begins like a formula for one, and executes it.

Names, reasons and output of jobs are anybody's text. In the format `csv` such a text gets a quote in front, which
spreadsheets do not show; numbers stay numbers. In `csv-exact` every text is as it is, for programs.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator

CSV_FORMATS = ("csv", "csv-exact")

_FORMULA = re.compile("[=+\\-@\t\r\n\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"[+-]?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?")


def guarded(text: str) -> str:
    """The text as a cell that no spreadsheet executes; a number is one already.

    >>> guarded("=HYPERLINK(A1)"), guarded("-5.2"), guarded("nightly")
    ("'=HYPERLINK(A1)", '-5.2', 'nightly')
    """
    if _FORMULA.match(text) is None or _NUMBER.fullmatch(text) is not None:
        return text
    return f"'{text}"


class CsvLines:
    """Rows as lines of CSV, as RFC 4180 has it but for line ends, which are LF.

    The csv module quotes the characters of its own line end only: with LF alone, a CR in a cell would begin a row.
    """

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._writer = csv.writer(self)

    def add(self, row: Iterable[str]) -> None:
        """Take a row."""
        self._writer.writerow(row)

    def write(self, line: str) -> int:
        """Take a line from the csv module."""
        self._lines.append(line.removesuffix("\r\n") + "\n")
        return len(line)

    def taken(self, *, least: int) -> Iterator[str]:
        """The lines, together, if there are at least so many."""
        if len(self._lines) >= least:
            yield "".join(self._lines)
            self._lines.clear()

"""Rows as a file to download: CSV or JSON, bounded, with a remark where it stops."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any, Final, Literal

from starlette.responses import Response

from cli.app.csv_cells import CsvLines
from cli.sql.formats import Columns, cell_text, csv_texts, json_array_texts

FileForm = Literal["csv", "json"]
ROWS_MAX: Final = 100_000
_CHARS_MAX: Final = 16 * 1024 * 1024
_KINDS: Final = {"csv": "text/csv; charset=utf-8", "json": "application/json"}


class BoundedRows:
    """The first rows of an answer.

    Attributes:
        stopped: where it was stopped, in words, once the rows are read; empty if all were given.
    """

    def __init__(self, rows: Iterator[Sequence[Any]], rows_max: int, chars_max: int) -> None:
        self._rows, self._rows_max, self._chars_max = rows, rows_max, chars_max
        self.stopped = ""

    def __iter__(self) -> Iterator[Sequence[Any]]:
        chars = 0
        for number, row in enumerate(self._rows):
            if number == self._rows_max:
                self.stopped = f"There are more than {number:,} rows; here are the first ones."
                return
            chars += sum(len(cell_text(value)) for value in row)
            if chars > self._chars_max:
                self.stopped = f"The answer is large: it was cut after {number:,} rows."
                return
            yield row


def answer_file(
    columns: Columns,
    rows: Iterator[Sequence[Any]],
    form: FileForm,
    name: str,
    rows_max: int | None = None,
) -> Response:
    """The rows, at most so many and 16 million characters of them; what comes last says where it stops.

    In CSV, which is for spreadsheets, that is a line with `#`; in JSON, an array of objects, one with `stopped`.

    Args:
        columns: name and SQL type of each.
        rows: all that there are; they are read at once.
        form: how they are written.
        name: of the file, without the form.
        rows_max: so many rows at most; None: `ROWS_MAX`.
    """
    bounded = BoundedRows(rows, rows_max or ROWS_MAX, _CHARS_MAX)
    made = csv_texts if form == "csv" else json_array_texts
    texts = list(made(columns, bounded))
    text = _csv(texts, bounded.stopped) if form == "csv" else _json(texts, bounded.stopped)
    headers = {"Content-Disposition": f'attachment; filename="{name}.{form}"'}
    return Response(text.encode("utf-8", "backslashreplace"), media_type=_KINDS[form], headers=headers)


def _csv(texts: list[str], stopped: str) -> str:
    if stopped:
        last = CsvLines()
        last.add([f"# {stopped}"])
        texts += last.taken(least=1)
    return "".join(text.removesuffix("\n") + "\n" for text in texts)


def _json(texts: list[str], stopped: str) -> str:
    document = "\n".join(texts) + "\n"
    if not stopped:
        return document
    rows = document.rstrip().removesuffix("]").rstrip()
    comma = "" if rows == "[" else ","
    return f"{rows}{comma}\n  {json.dumps({'stopped': stopped})}\n]\n"

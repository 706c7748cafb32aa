"""The answer to a query as a file: CSV or JSON, bounded, with a remark where it stops."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from cli.app.csv_cells import CsvLines
from cli.console.asked import Asked
from cli.console.pages.sql.answers import BoundedRows, answered, deadline_words, query_of
from cli.sql.formats import csv_texts, json_array_texts

ROWS_MAX: Final = 100_000
_CHARS_MAX: Final = 16 * 1024 * 1024


def show_csv(asked: Asked) -> Response:
    """As CSV for spreadsheets; if it stops before the end, the last line says so."""
    texts, stopped = _texts(asked, "csv")
    if stopped:
        last = CsvLines()
        last.add([f"# {stopped}"])
        texts += last.taken(least=1)
    return _file("".join(text.removesuffix("\n") + "\n" for text in texts), "text/csv; charset=utf-8", "csv")


def show_json(asked: Asked) -> Response:
    """As an array with an object for each row; if it stops before the end, a last object says so in `stopped`."""
    texts, stopped = _texts(asked, "json")
    document = "\n".join(texts) + "\n"
    if stopped:
        rows = document.rstrip().removesuffix("]").rstrip()
        comma = "" if rows == "[" else ","
        document = f"{rows}{comma}\n  {json.dumps({'stopped': stopped})}\n]\n"
    return _file(document, "application/json", "json")


def _texts(asked: Asked, form: str) -> tuple[list[str], str]:
    from projections.errors import QueryFailed

    query = query_of(asked)
    if not query.strip():
        raise HTTPException(HTTPStatus.BAD_REQUEST, "there is no query")
    try:
        with answered(asked, query) as answer:
            rows = BoundedRows(answer.rows, ROWS_MAX, _CHARS_MAX)
            made = csv_texts if form == "csv" else json_array_texts
            return list(made(answer.columns, rows)), rows.stopped
    except QueryFailed as failed:
        said = deadline_words() if "interrupted" in failed.message.lower() else str(failed)
        raise HTTPException(HTTPStatus.BAD_REQUEST, said) from None


def _file(text: str, kind: str, suffix: str) -> Response:
    name = {"Content-Disposition": f'attachment; filename="answer.{suffix}"'}
    return Response(text.encode("utf-8", "backslashreplace"), media_type=kind, headers=name)

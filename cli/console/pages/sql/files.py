"""The answer to a query as a file: CSV or JSON."""

from __future__ import annotations

from http import HTTPStatus

from starlette.exceptions import HTTPException
from starlette.responses import Response

from cli.console.asked import Asked
from cli.console.pages.answer_files import FileForm, answer_file
from cli.console.pages.sql.answers import answered, deadline_words, query_of


def show_csv(asked: Asked) -> Response:
    """As CSV for spreadsheets."""
    return _answer(asked, "csv")


def show_json(asked: Asked) -> Response:
    """As an array with an object for each row."""
    return _answer(asked, "json")


def _answer(asked: Asked, form: FileForm) -> Response:
    from projections.errors import QueryFailed, QueryInterrupted

    query = query_of(asked)
    if not query.strip():
        raise HTTPException(HTTPStatus.BAD_REQUEST, "there is no query")
    try:
        with answered(asked, query) as answer:
            return answer_file(answer.columns, answer.rows, form, "answer")
    except QueryFailed as failed:
        said = deadline_words() if isinstance(failed, QueryInterrupted) else str(failed)
        raise HTTPException(HTTPStatus.BAD_REQUEST, said) from None

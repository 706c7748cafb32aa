"""A query in a form, its answer as a table, and beside it what can be asked."""

from __future__ import annotations

import re
from http import HTTPStatus
from typing import Any, Final, NamedTuple
from urllib.parse import urlencode

from starlette.responses import Response

from cli.app.failures import Failure
from cli.console.asked import Asked
from cli.console.pages.answer_files import BoundedRows
from cli.console.pages.sql.answers import answered, deadline_words, query_of
from cli.sql.formats import cell_text
from cli.terminal.job_output import shown_text
from projections.errors import QueryFailed, QueryInterrupted, QueryRefused
from projections.schema.columns import VIEWS

_ROWS_MAX: Final = 1_000
_CHARS_MAX: Final = 1_000_000
_PLACE: Final = re.compile(r"LINE ([0-9]+): ([^\n]*)\n( *)\^")
_FAILED: Final = """SELECT run, job, outcome, error, settled_seq FROM runs
WHERE status = 'finished' AND outcome <> 'succeeded' ORDER BY settled_seq DESC LIMIT 100"""
_LONG: Final = """SELECT job, count(*) AS runs, median(duration_ms) AS median_ms, max(duration_ms) AS longest_ms
FROM runs GROUP BY job ORDER BY median_ms DESC"""
_CHANGES: Final = (
    """SELECT seq, time, job, change, actor, reason FROM job_changes ORDER BY seq DESC LIMIT 50"""
)
_EXAMPLES: Final = (
    ("What failed last", _FAILED),
    ("How long jobs take", _LONG),
    ("Who changed what", _CHANGES),
)


class SqlCell(NamedTuple):
    """A value: its text, whether it has several lines, and where it leads to (empty: nowhere)."""

    text: str
    several_lines: bool
    link: str


class SqlProblem(NamedTuple):
    """What is wrong with a query: in words, what helps, the marked line, and where that is in words."""

    message: str
    hint: str
    place: str = ""
    where: str = ""


def show_sql(asked: Asked) -> Response:
    """The page of a query."""
    query, problem = "", None
    rows: list[list[SqlCell]] = []
    columns: list[tuple[str, str]] = []
    stopped = ""
    try:
        query = query_of(asked)
        if query.strip():
            with answered(asked, query) as answer:
                columns = answer.columns
                bounded = BoundedRows(answer.rows, _ROWS_MAX, _CHARS_MAX)
                rows = [_row(columns, row) for row in bounded]
                stopped = bounded.stopped
    except Failure as failure:
        problem = SqlProblem(failure.message, failure.hint)
    except QueryRefused as refused:
        problem = SqlProblem(str(refused), "The console only reads.")
    except QueryFailed as failed:
        problem = _problem(failed)
    return asked.page(
        "sql/sql.html", HTTPStatus.BAD_REQUEST if problem else HTTPStatus.OK,
        query=shown_text(query), problem=problem, columns=columns, rows=rows, stopped=stopped,
        has_answer=bool(columns) and problem is None, address=urlencode({"q": query}), views=VIEWS,
        examples=[(name, text, urlencode({"q": text})) for name, text in _EXAMPLES],
    )  # fmt: skip


def _row(columns: list[tuple[str, str]], row: Any) -> list[SqlCell]:
    return [_cell(name, value) for (name, _), value in zip(columns, row, strict=True)]


def _cell(name: str, value: Any) -> SqlCell:
    text = cell_text(value)
    link = ""
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        if name == "run":
            link = f"/runs/{value}"
        elif name == "seq" or name.endswith("_seq"):
            link = f"/ledger/entries/{value}"
    return SqlCell(shown_text(text) if "\n" in text else text, "\n" in text, link)


def _problem(failed: QueryFailed) -> SqlProblem:
    """A mistake, its place said in words too: a caret below a line is for the eye alone."""
    if isinstance(failed, QueryInterrupted):
        return SqlProblem(deadline_words(), "Ask for less at once, or on the command line.")
    message = failed.message.removesuffix(failed.place).rstrip()
    found = _PLACE.match(failed.place)
    where = ""
    if found is not None:
        at = len(found[3]) - len(f"LINE {found[1]}: ")
        rest = re.match(r"\w+|.?", found[2][at:])
        near = rest[0] if rest else ""
        where = f"In line {found[1]}{f', at “{near}”' if near else ', at its end'}."
    return SqlProblem(message, failed.hint, shown_text(failed.place), where)

"""The runs of a filter as a file, with all that the view `runs` has of them."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.exceptions import HTTPException
from starlette.responses import Response

from cli.console.asked import Asked
from cli.console.kept.kept_sql import DEADLINE_S
from cli.console.pages.answer_files import FileForm, answer_file
from cli.console.pages.runs.wanted_runs import OPEN_STATUSES, wanted_runs, with_tag
from cli.runs.unsettled import unsettled_runs

ROWS_MAX: Final = 20_000
"""Each has some forty members: so many are made in a second or two."""
_NEWEST: Final = 2**62
"""Behind every entry."""


def show_runs_csv(asked: Asked) -> Response:
    """As CSV for spreadsheets."""
    return _answer(asked, "csv")


def show_runs_json(asked: Asked) -> Response:
    """As an array with an object for each run."""
    return _answer(asked, "json")


def _answer(asked: Asked, form: FileForm) -> Response:
    from projections.errors import QueryInterrupted
    from projections.reports.run_search import rows_of_runs, settling_entries

    most = ROWS_MAX + 1
    wanted = wanted_runs(asked)
    with asked.look() as view:
        wanted, as_of = with_tag(asked, wanted, view.state), view.as_of
        going = [run.facts.number for run in unsettled_runs(view.state, wanted, view.now, most)]
    try:
        with asked.site.sql.connected(as_of) as sql:
            settled: list[int] = []
            if wanted.status not in OPEN_STATUSES and len(going) < most:
                rest = most - len(going)
                settled = settling_entries(sql, before_seq=_NEWEST, limit=rest, **wanted._asdict())
            answer = rows_of_runs(sql, going, settled)
            return answer_file(answer.columns, answer.rows, form, "runs", ROWS_MAX)
    except QueryInterrupted:
        said = f"this took longer than {DEADLINE_S:g} seconds, and was stopped: ask for less at once"
        raise HTTPException(HTTPStatus.BAD_REQUEST, said) from None

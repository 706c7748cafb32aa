"""A query of a visitor, answered within bounds of time, memory, rows and bytes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from cli.app.failures import Failure
from cli.console.asked import Asked

if TYPE_CHECKING:
    from projections.sql.results import Answer

QUERY_CHARS_MAX: Final = 4_000
DEADLINE_S: Final = 10.0
_ROWS_AT_ONCE: Final = 50


def query_of(asked: Asked) -> str:
    """The query in the address; empty if there is none.

    Raises:
        Failure: it is too long.
    """
    text = asked.request.query_params.get("q", "").replace("\r\n", "\n")
    if len(text) > QUERY_CHARS_MAX:
        raise Failure(
            f"the query is longer than {QUERY_CHARS_MAX:,} characters",
            "`cronledger sql --file` takes longer ones.",
        )
    return text


@contextmanager
def answered(asked: Asked, query: str) -> Iterator[Answer]:
    """The answer to one statement that reads; others wait while its rows are read.

    Raises:
        Failure: there are several statements, or others ask for too long.
        QueryRefused, QueryFailed: it does something else than read, or cannot be answered.
        LedgerError: the ledger is damaged.
    """
    with asked.look() as view:
        as_of = view.as_of
    with asked.site.queries.connected(as_of, deadline_s=DEADLINE_S) as sql:
        judged = sql.judged(query)
        if len(judged) != 1:
            raise Failure(f"these are {len(judged)} statements", "Ask one after another.")
        yield sql.answer(judged[0], rows_at_once=_ROWS_AT_ONCE)


def deadline_words() -> str:
    """What is said of a query that took too long."""
    return f"the query took longer than {DEADLINE_S:g} seconds, and was stopped"

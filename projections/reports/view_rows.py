"""The rows of a view for an export: which, in which order, and how without ever holding them all.

A long view is asked for in pieces, each a stretch of entries, so that the answer to each is small and in order. What
is recorded while an export goes on is not in it.
"""
# ruff: noqa: S608 - the SQL is put together from constants and numbers; values are parameters

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from projections.schema.columns import VIEWS

if TYPE_CHECKING:
    from projections.sql.connection import Sql

PIECE_ENTRIES = 65_536
"""As many as a segment holds."""


class ViewOrder(NamedTuple):
    """How the rows of a view are told apart, ordered and asked for.

    Attributes:
        key: the columns that tell a row from all others, and from what the same row was earlier.
        time: the column that a stretch of time is about; empty if there is no such.
        sort: the columns by which rows are sorted; none: they come as the view has them.
        pieces: the column by which the view is cut into pieces; empty if it is short, or cannot be.
        job: the column with the job; empty if there is none.
    """

    key: tuple[str, ...]
    time: str
    sort: tuple[str, ...] = ()
    pieces: str = ""
    job: str = "job"


VIEW_ORDERS = {
    "events": ViewOrder(("seq",), "time", ("seq",), "seq"),
    "runs": ViewOrder(("run", "status", "attempt"), "owed_at", ("run",), "run"),
    "attempts": ViewOrder(("run", "attempt", "status"), "started", ("run", "attempt"), "run"),
    "jobs": ViewOrder(("name", "revision", "defined"), "", ("name",), job="name"),
    "slots": ViewOrder(
        ("job", "scheduled_for", "disposition"), "scheduled_for", ("seq", "scheduled_for"), "seq"
    ),
    "job_changes": ViewOrder(("seq",), "time", ("seq",)),
    "outages": ViewOrder(("kind", "began_seq", "ended_seq"), "began", ("began_seq",), job=""),
    "breaches": ViewOrder(("seq",), "since", ("seq",)),
    "nodes": ViewOrder(("name", "state", "described_seq"), "", ("name",), job=""),
    "log_entries": ViewOrder(("time", "job", "run", "attempt", "stream", "message"), "time"),
}
"""Every view."""


class RowSelection(NamedTuple):
    """Rows of a view: of some jobs (none: of all), from `since` on and before `until`."""

    view: str
    jobs: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def order(self) -> ViewOrder:
        """How the rows are told apart, ordered and asked for."""
        return VIEW_ORDERS[self.view]


class ViewRows(NamedTuple):
    """The name and SQL type of each column, and the rows: to be read once, in order."""

    columns: Sequence[tuple[str, str]]
    rows: Iterator[Sequence[Any]]


Progress = Callable[[int, int], None]
"""Called with how many entries were looked through, and how many there are."""


def view_rows(sql: Sql, selection: RowSelection, progress: Progress) -> ViewRows:
    """Begin to read the rows of a view.

    Args:
        sql: an open connection, which does nothing else until the rows are read.
        selection: which rows.
        progress: is called as the rows of a long view are read.

    Raises:
        QueryFailed: a piece takes more memory than it may. Reading the rows can raise it too.
        Corrupt: the ledger is damaged. Reading the rows can raise it too.
    """
    columns = [(column.name, column.type) for column in VIEWS[selection.view]]
    return ViewRows(columns, _rows(sql, selection, progress))


def _rows(sql: Sql, selection: RowSelection, progress: Progress) -> Iterator[Sequence[Any]]:
    conditions, values = _conditions(selection)
    view = selection.view
    chosen = ", ".join(f'"{column.name}"' for column in VIEWS[view])
    order = f" ORDER BY {', '.join(selection.order.sort)}" if selection.order.sort else ""
    cut = selection.order.pieces
    if not cut:
        query = f"SELECT {chosen} FROM {view}{_where(conditions)}{order}"
        yield from sql.execute(query, values or None).rows
        return
    extent = f"SELECT min({cut}), max({cut}) FROM {view}{_where(conditions)}"
    first, last = sql.execute(extent, values or None).all()[0]
    if first is None:
        return
    progress(0, last + 1 - first)
    piece = [*conditions, f"{cut} >= $first_of_piece", f"{cut} < $end_of_piece"]
    query = f"SELECT {chosen} FROM {view}{_where(piece)}{order}"
    begin = first
    while begin <= last:
        end = min(begin - begin % PIECE_ENTRIES + PIECE_ENTRIES, last + 1)
        yield from sql.execute(query, {**values, "first_of_piece": begin, "end_of_piece": end}).rows
        progress(end - first, last + 1 - first)
        begin = end


def _conditions(selection: RowSelection) -> tuple[list[str], dict[str, object]]:
    conditions, values = [], dict[str, object]()
    columns = selection.order
    if selection.since is not None:
        conditions.append(f"{columns.time} >= $since::TIMESTAMPTZ")
        values["since"] = selection.since.isoformat()
    if selection.until is not None:
        conditions.append(f"{columns.time} < $until::TIMESTAMPTZ")
        values["until"] = selection.until.isoformat()
    if selection.jobs:
        names = [f"job_{number}" for number in range(len(selection.jobs))]
        conditions.append(f"{columns.job} IN ({', '.join('$' + name for name in names)})")
        values.update(zip(names, selection.jobs, strict=True))
    return conditions, values


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""

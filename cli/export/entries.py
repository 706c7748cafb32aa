"""The rows that `export` takes from each view: which, in which order, and how without ever holding them all.

A long view is asked for in pieces, each a stretch of entries, so that the answer to each is small and in order. What
is recorded while an export goes on is not in it.
"""
# ruff: noqa: S608 - the SQL is put together from constants and numbers; values are parameters

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from cli.sql.formats import Columns, Row
from cli.terminal.progress import Progress

if TYPE_CHECKING:
    from projections import Sql

PIECE_ENTRIES = 65_536
"""As many as a segment holds."""


class Stream(NamedTuple):
    """How a view is exported.

    Attributes:
        key: the columns that tell a row from all others, and from what the same row was earlier.
        time: the column that `--since` and `--until` are about; empty if there is no such.
        order: the columns by which rows are sorted; none: they come as the view has them.
        pieces: the column by which the view is cut into pieces; empty if it is short, or cannot be.
        job: the column with the job; empty if there is none.
    """

    key: tuple[str, ...]
    time: str
    order: tuple[str, ...] = ()
    pieces: str = ""
    job: str = "job"


STREAMS = {
    "events": Stream(("seq",), "time", ("seq",), "seq"),
    "runs": Stream(("run", "status", "attempt"), "owed_at", ("run",), "run"),
    "attempts": Stream(("run", "attempt", "status"), "started", ("run", "attempt"), "run"),
    "jobs": Stream(("name", "revision", "defined"), "", ("name",), job="name"),
    "slots": Stream(
        ("job", "scheduled_for", "disposition"), "scheduled_for", ("seq", "scheduled_for"), "seq"
    ),
    "job_changes": Stream(("seq",), "time", ("seq",)),
    "outages": Stream(("kind", "began_seq", "ended_seq"), "began", ("began_seq",), job=""),
    "log_entries": Stream(("time", "job", "run", "attempt", "stream", "message"), "time"),
}
"""Every view."""


class Wanted(NamedTuple):
    """What a person asked for: rows of a view, of some jobs, from `since` on and before `until`."""

    view: str
    jobs: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None

    @property
    def stream(self) -> Stream:
        """How the view is exported."""
        return STREAMS[self.view]


class Found(NamedTuple):
    """The rows: to be read once, in order."""

    columns: Columns
    rows: Iterator[Row]


def find(sql: Sql, wanted: Wanted, seen: Progress) -> Found:
    """Begin to read what is wanted.

    Args:
        sql: an open connection, which does nothing else until the rows are read.
        wanted: which rows.
        seen: is told how far it is.

    Raises:
        QueryFailed: a piece takes more memory than it may. Reading the rows can raise it too.
        Corrupt: the ledger is damaged. Reading the rows can raise it too.
    """
    from projections import VIEWS

    columns = [(column.name, column.type) for column in VIEWS[wanted.view]]
    return Found(columns, _rows(sql, wanted, seen))


def _rows(sql: Sql, wanted: Wanted, seen: Progress) -> Iterator[Row]:
    conditions, values = _conditions(wanted)
    chosen = ", ".join(f'"{name}"' for name in _names(wanted.view))
    order = f" ORDER BY {', '.join(wanted.stream.order)}" if wanted.stream.order else ""
    cut = wanted.stream.pieces
    if not cut:
        query = f"SELECT {chosen} FROM {wanted.view}{_where(conditions)}{order}"
        yield from sql.execute(query, values or None).rows
        return
    extent = f"SELECT min({cut}), max({cut}) FROM {wanted.view}{_where(conditions)}"
    first, last = sql.execute(extent, values or None).all()[0]
    if first is None:
        return
    seen.update(0, total=last + 1 - first)
    piece = [*conditions, f"{cut} >= $first_of_piece", f"{cut} < $end_of_piece"]
    query = f"SELECT {chosen} FROM {wanted.view}{_where(piece)}{order}"
    begin = first
    while begin <= last:
        end = min(begin - begin % PIECE_ENTRIES + PIECE_ENTRIES, last + 1)
        yield from sql.execute(query, {**values, "first_of_piece": begin, "end_of_piece": end}).rows
        seen.update(end - first)
        begin = end


def _names(view: str) -> list[str]:
    from projections import VIEWS

    return [column.name for column in VIEWS[view]]


def _conditions(wanted: Wanted) -> tuple[list[str], dict[str, object]]:
    conditions, values = [], dict[str, object]()
    stream = wanted.stream
    if wanted.since is not None:
        conditions.append(f"{stream.time} >= $since::TIMESTAMPTZ")
        values["since"] = wanted.since.isoformat()
    if wanted.until is not None:
        conditions.append(f"{stream.time} < $until::TIMESTAMPTZ")
        values["until"] = wanted.until.isoformat()
    if wanted.jobs:
        names = [f"job_{number}" for number in range(len(wanted.jobs))]
        conditions.append(f"{stream.job} IN ({', '.join('$' + name for name in names)})")
        values.update(zip(names, wanted.jobs, strict=True))
    return conditions, values


def _where(conditions: list[str]) -> str:
    return f" WHERE {' AND '.join(conditions)}" if conditions else ""

"""Runs by what they have in common, however far back; for the newest few, the end of the ledger is quicker."""
# ruff: noqa: S608 - only constants are put together; values go in as parameters

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from projections.schema.columns import RUNS

if TYPE_CHECKING:
    from projections.sql.connection import Sql
    from projections.sql.results import Answer


def runs_query(
    sql: Sql,
    *,
    job: str | None = None,
    status: str | None = None,
    trigger: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    limit: int | None = None,
) -> list[dict[str, Any]]:
    """Rows of the view `runs`, newest first.

    Args:
        sql: an open connection.
        job: of this job only.
        status: a status (`running`) or an outcome (`failed`).
        trigger: `schedule`, `catch_up`, `manual` or `backfill`.
        since: owed at this time or later; aware.
        until: owed before this time; aware.
        limit: at most so many.
    """
    filters = {
        **_of_a_kind(job, status, trigger),
        "since": ("owed_at >= $since::TIMESTAMPTZ", _written(since)),
        "until": ("owed_at < $until::TIMESTAMPTZ", _written(until)),
    }
    where, parameters = _where(filters)
    bound = "" if limit is None else f" LIMIT {int(limit)}"
    names = [column.name for column in RUNS]
    answer = sql.execute(f"SELECT {_ALL} FROM runs{where} ORDER BY run DESC{bound}", parameters)
    return [dict(zip(names, row, strict=True)) for row in answer.rows]


def settling_entries(
    sql: Sql,
    *,
    before_seq: int,
    limit: int,
    job: str | None = None,
    among: Collection[str] | None = None,
    status: str | None = None,
    trigger: str | None = None,
    node: str | None = None,
    longer_ms: int | None = None,
    error: str | None = None,
    since: datetime | None = None,
    until: datetime | None = None,
    attempts: bool = False,
) -> list[int]:
    """The `seq` of the entries with which runs ended or were skipped, the newest first.

    Args:
        sql: an open connection.
        before_seq: entries before this one.
        limit: at most so many.
        job, status, trigger: as in `runs_query`.
        among: of one of these jobs.
        node: whose last attempt this node made; longer_ms: whose last attempt took longer, in milliseconds.
        error: with this in its error, whatever the case.
        since: settled at this time or later; aware.
        until: settled before this time; aware.
        attempts: those with which attempts ended, in place of the runs.
    """
    view, column = ("attempts", "finished_seq") if attempts else ("runs", "settled_seq")
    filters = {
        "before": (f"{column} < $before", before_seq),
        **_of_a_kind(job, status, trigger),
        "among": ("job IN (SELECT unnest($among::VARCHAR[]))", None if among is None else list(among)),
        "node": ("node = $node", node),
        "longer": ("duration_ms > $longer", longer_ms),
        "error": ("contains(lower(error), lower($error))", error),
    }
    times = {
        "since": ("time >= $since::TIMESTAMPTZ", _written(since)),
        "until": ("time < $until::TIMESTAMPTZ", _written(until)),
    }
    where, parameters = _where(filters)
    of_times, instants = _where(times)
    if instants:
        where += f" AND {column} IN (SELECT seq FROM events{of_times})"
    query = f"SELECT {column} FROM {view}{where} ORDER BY {column} DESC LIMIT {limit:d}"
    return [row[0] for row in sql.execute(query, {**(parameters or {}), **(instants or {})}).rows]


def rows_of_runs(sql: Sql, open_runs: Collection[int], settled_by: Collection[int]) -> Answer:
    """Rows of the view `runs`: runs that have not ended, then those that certain entries settled; the newest first.

    Args:
        sql: an open connection.
        open_runs: numbers of runs; of those that have ended meanwhile there are no rows.
        settled_by: the `seq` of entries, as `settling_entries` finds them.
    """
    query = f"""SELECT {_ALL} FROM runs
WHERE (settled_seq IS NULL AND run IN (SELECT unnest($open::BIGINT[])))
   OR settled_seq IN (SELECT unnest($settled::BIGINT[]))
ORDER BY settled_seq DESC NULLS FIRST, run DESC"""
    return sql.execute(query, {"open": list(open_runs), "settled": list(settled_by)})


_ALL = ", ".join(column.name for column in RUNS)
_Filters = Mapping[str, tuple[str, object]]
"""For each parameter its condition and its value; None: it does not restrict."""


def _of_a_kind(job: str | None, status: str | None, trigger: str | None) -> _Filters:
    return {
        "job": ("job = $job", job),
        "status": ("(status = $status OR outcome = $status)", status),
        "trigger": ('"trigger" = $trigger', trigger),
    }


def _where(filters: _Filters) -> tuple[str, dict[str, Any] | None]:
    """The clause, empty if nothing restricts, and its parameters."""
    conditions = [condition for condition, value in filters.values() if value is not None]
    parameters = {name: value for name, (_, value) in filters.items() if value is not None}
    return f" WHERE {' AND '.join(conditions)}" if conditions else "", parameters or None


def _written(instant: datetime | None) -> str | None:
    return None if instant is None else instant.isoformat()

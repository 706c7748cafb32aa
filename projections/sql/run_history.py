"""Runs by what they have in common, however far back; for the newest few, the end of the ledger is quicker."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from projections.schema.columns import RUNS
from projections.sql.connection import Sql


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
        trigger: `schedule`, `catch_up` or `manual`.
        since: owed at this time or later; aware.
        until: owed before this time; aware.
        limit: at most so many.
    """
    filters = {
        "job": ("job = $job", job),
        "status": ("(status = $status OR outcome = $status)", status),
        "trigger": ("trigger = $trigger", trigger),
        "since": ("owed_at >= $since::TIMESTAMPTZ", since and since.isoformat()),
        "until": ("owed_at < $until::TIMESTAMPTZ", until and until.isoformat()),
    }
    conditions = [condition for condition, value in filters.values() if value is not None]
    parameters = {name: value for name, (_, value) in filters.items() if value is not None}
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    bound = "" if limit is None else f" LIMIT {int(limit)}"
    names = [column.name for column in RUNS]
    query = f"SELECT {', '.join(names)} FROM runs{where} ORDER BY run DESC{bound}"  # noqa: S608 - constants
    answer = sql.execute(query, parameters or None)
    return [dict(zip(names, row, strict=True)) for row in answer.rows]

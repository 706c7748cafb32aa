"""The changes of one job, the newest first, a bounded number at a time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from projections.sql.connection import Sql

_QUERY = """
SELECT seq, time, change, actor, reason, until, CAST(before AS VARCHAR), CAST(after AS VARCHAR), approval, approved_by
FROM job_changes WHERE job = $job AND seq < $before_seq ORDER BY seq DESC LIMIT $count
"""


class JobChange(NamedTuple):
    """A row of the view `job_changes`; `before` and `after` are JSON."""

    seq: int
    time: datetime
    change: str
    actor: str
    reason: str | None
    until: datetime | None
    before: str | None
    after: str | None
    approval: int | None
    approved_by: str | None


def changes_of(sql: Sql, job: str, *, before_seq: int, count: int) -> list[JobChange]:
    """The last changes of a job that were recorded before an entry.

    Args:
        sql: an open connection.
        job: its name.
        before_seq: the entry.
        count: at most so many.
    """
    parameters = {"job": job, "before_seq": before_seq, "count": count}
    return [JobChange(*row) for row in sql.execute(_QUERY, parameters).all()]

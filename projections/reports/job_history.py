"""What became of one job: its changes, and how long its last runs took; a bounded number at a time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from projections.sql.connection import Sql
    from scheduler.entry_members import Outcome

_CHANGES = """
SELECT seq, time, change, actor, reason, until, CAST(before AS VARCHAR), CAST(after AS VARCHAR), approval, approved_by
FROM job_changes WHERE job = $job AND seq < $before_seq ORDER BY seq DESC LIMIT $count
"""

_DURATIONS = """
SELECT run, settled_seq, started, duration_ms, outcome FROM runs
WHERE job = $job AND status = 'finished' AND duration_ms IS NOT NULL AND started IS NOT NULL
ORDER BY settled_seq DESC LIMIT $count
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
    return [JobChange(*row) for row in sql.execute(_CHANGES, parameters).all()]


class RunDuration(NamedTuple):
    """A run, the entry that ended it, when it started and how long it took."""

    run: int
    entry: int
    started: datetime
    duration_ms: int
    outcome: Outcome


def last_durations(sql: Sql, job: str, count: int) -> list[RunDuration]:
    """The last runs of a job of which that is known, the oldest of them first.

    Args:
        sql: an open connection.
        job: its name.
        count: at most so many.
    """
    rows = sql.execute(_DURATIONS, {"job": job, "count": count}).all()
    return [RunDuration(*row) for row in reversed(rows)]

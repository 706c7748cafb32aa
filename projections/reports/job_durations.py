"""How long the last runs of a job took."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from projections.sql.connection import Sql
    from scheduler.entry_members import Outcome

_QUERY = """
SELECT run, settled_seq, started, duration_ms, outcome FROM runs
WHERE job = $job AND status = 'finished' AND duration_ms IS NOT NULL AND started IS NOT NULL
ORDER BY settled_seq DESC LIMIT $count
"""


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
    rows = sql.execute(_QUERY, {"job": job, "count": count}).all()
    return [RunDuration(*row) for row in reversed(rows)]

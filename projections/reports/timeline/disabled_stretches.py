"""When jobs were disabled, within a stretch of time."""
# ruff: noqa: S608 - the SQL is put together from constants

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from projections.schema.literals import among
from scheduler import vocabulary as v

if TYPE_CHECKING:
    from projections.sql.connection import Sql

CHANGES_MAX: Final = 5_000
"""So many changes within the stretch are read, the newest."""
_TYPES: Final = (v.JobEnabled.TYPE, v.JobDisabled.TYPE)
_QUERY: Final = f"""
WITH said AS (
    SELECT job, type, epoch_us(time) AS time_us, seq FROM events
    WHERE type IN {among(_TYPES)} AND list_contains($jobs, job) AND time < to_timestamp($end / 1e6)
)
SELECT job, arg_max(type, seq) AS type, $begin AS time_us, max(seq) AS seq
FROM said WHERE time_us < $begin GROUP BY job
UNION ALL
SELECT * FROM (FROM said WHERE time_us >= $begin ORDER BY seq DESC LIMIT $most)
ORDER BY job, seq
"""


class DisabledStretch(NamedTuple):
    """A stretch in which a job did not run on its schedule.

    Attributes:
        job: its name.
        began_us: when it was disabled, in microseconds since 1970; at the earliest where the stretch begins.
        ended_us: when it was enabled again; None: not within the stretch that was asked for.
        seq: the entry that disabled it.
    """

    job: str
    began_us: int
    ended_us: int | None
    seq: int


def disabled_stretches(sql: Sql, jobs: list[str], begin_us: int, end_us: int) -> list[DisabledStretch]:
    """Those of some jobs, by name and then in order of time."""
    parameters = {"jobs": jobs, "begin": begin_us, "end": end_us, "most": CHANGES_MAX}
    found: list[DisabledStretch] = []
    since: tuple[str, int, int] | None = None
    for job, kind, time_us, seq in sql.execute(_QUERY, parameters).all():
        if since is not None and (since[0] != job or kind == v.JobEnabled.TYPE):
            found.append(DisabledStretch(since[0], since[1], time_us if since[0] == job else None, since[2]))
            since = None
        if kind == v.JobDisabled.TYPE and since is None:
            since = (job, time_us, seq)
    if since is not None:
        found.append(DisabledStretch(since[0], since[1], None, since[2]))
    return found

"""Runs that made up for instants which had passed: where they began, by the columns of an axis of time."""
# ruff: noqa: S608 - the SQL is put together from constants

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from projections.reports.timeline.runs_by_column import OF_JOBS
from projections.schema.literals import among
from scheduler.entry_members import IN_TURN

if TYPE_CHECKING:
    from projections.sql.connection import Sql

_QUERY: Final = f"""
SELECT job, trigger, (epoch_us(started) - $axis_begin) // $column AS began_column,
       count(*) AS runs, min(epoch_us(coalesce(scheduled_for, owed_at))) AS first_due_us
FROM runs
WHERE settled_seq >= $first_seq AND {OF_JOBS} AND trigger IN {among(IN_TURN)}
  AND epoch_us(started) >= $begin AND epoch_us(started) < $end
GROUP BY ALL ORDER BY ALL
"""


class MadeUpRuns(NamedTuple):
    """Runs of one job that began in the same column.

    Attributes:
        job: its name; trigger: `catch_up` or `backfill`; column: where they began; runs: how many they are.
        first_due_us: the first instant that they made up for, in microseconds since 1970.
    """

    job: str
    trigger: str
    column: int
    runs: int
    first_due_us: int


def made_up_runs(
    sql: Sql,
    *,
    first_seq: int,
    window_us: tuple[int, int],
    axis_begin_us: int,
    column_us: int,
    jobs: list[str],
) -> list[MadeUpRuns]:
    """Those that began within a window of time and were settled from entry `first_seq` on.

    Args:
        sql: an open connection.
        first_seq: see `first_entry_since`.
        window_us: the window's beginning and end, in microseconds since 1970.
        axis_begin_us: where the first column begins; column_us: how long each is.
        jobs: of these jobs.
    """
    parameters = {
        "first_seq": first_seq,
        "jobs": sorted(jobs),
        "begin": window_us[0],
        "end": window_us[1],
        "axis_begin": axis_begin_us,
        "column": column_us,
    }
    return [MadeUpRuns(*row) for row in sql.execute(_QUERY, parameters).all()]

"""Runs counted by the columns of an axis of time: those that look alike in a picture are one row.

So a day of a million runs costs no more than the columns that it fills.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from projections.sql.connection import Sql


# What is settled, with the attempts that another one followed (`retry_at`): asked here and not of the views of runs
# and attempts, which also have what is not settled, so that a look at a million runs takes one pass.
_SETTLED: Final = "(FROM parts.sealed_runs UNION ALL FROM parts.recent_runs)"
OF_JOBS: Final = "job BETWEEN $jobs[1] AND $jobs[-1] AND list_contains($jobs, job)"
"""The jobs are in order, so that most of what belongs to others is never read."""
_COUNTED: Final = """
WITH seen AS (
    SELECT job, CASE status WHEN 'skipped' THEN 'skipped' ELSE outcome END AS mark,
           epoch_us(CASE WHEN attempt > 1 THEN started ELSE coalesce(scheduled_for, owed_at) END) AS due,
           epoch_us(CASE status WHEN 'skipped' THEN coalesce(scheduled_for, owed_at) ELSE started END) AS began,
           CASE WHEN status = 'skipped' THEN began
                ELSE coalesce(began + duration_ms * 1000, epoch_us(finished)) END AS ended
    FROM {settled}
    WHERE retry_at IS NULL AND settled_seq >= $first_seq AND owed_at < to_timestamp($end / 1e6) AND {of_jobs}
    UNION ALL
    SELECT job, 'retried', epoch_us(CASE WHEN attempt > 1 THEN started ELSE coalesce(scheduled_for, started) END),
           epoch_us(started), coalesce(epoch_us(started) + duration_ms * 1000, epoch_us(finished))
    FROM {settled} AS a
    WHERE retry_at IS NOT NULL AND status = 'finished' AND closes IS NULL
      AND settled_seq >= $first_seq AND started < to_timestamp($end / 1e6) AND {of_jobs}
      -- The last attempt of a run that made no further one is in the row of its run.
      AND NOT EXISTS (FROM {settled} AS r
                      WHERE closes IS NOT NULL AND retry_at IS NULL AND r.run = a.run AND r.attempt = a.attempt)
)
SELECT job, mark, (greatest(began, $axis_begin) - $axis_begin) // $column AS first_column,
       (least(greatest(ended - 1, began, $axis_begin), $axis_end - 1) - $axis_begin) // $column AS last_column,
       (greatest(due, $axis_begin) - $axis_begin) // $column AS due_column,
       began < $axis_begin AS before, ended > $axis_end AS after,
       count(*) AS runs, max(began - due) AS late_us, min(due) AS first_due_us
FROM seen WHERE began < $end AND (ended >= $begin OR began >= $begin)
GROUP BY ALL
"""


def counted(of_jobs: bool) -> str:
    """SQL of rows as `ColumnRuns`, in no order; `of_jobs`: of the jobs that are a parameter, else of all."""
    return _COUNTED.format(settled=_SETTLED, of_jobs=OF_JOBS if of_jobs else "true")


class ColumnRuns(NamedTuple):
    """Settled runs of one job that look alike.

    Attributes:
        job: its name.
        outcome: how they came out, or `skipped`; `retried`: attempts that another one followed.
        first_column: the column in which they began; last_column: that in which they ended.
        due_column: that in which they should have begun.
        before: they began before the first column; after: they ended after the last.
        runs: how many they are.
        late_us: the longest that one of them waited, in microseconds.
        first_due_us: when the first of them should have begun, in microseconds since 1970.
    """

    job: str
    outcome: str
    first_column: int
    last_column: int
    due_column: int
    before: bool
    after: bool
    runs: int
    late_us: int
    first_due_us: int


def runs_by_column(
    sql: Sql,
    *,
    first_seq: int,
    window_us: tuple[int, int],
    axis_us: tuple[int, int],
    column_us: int,
    jobs: list[str] | None,
) -> list[ColumnRuns]:
    """The runs that were settled from entry `first_seq` on and have a part in a window of time.

    Args:
        sql: an open connection.
        first_seq: see `first_entry_since`.
        window_us: the window's beginning and end, in microseconds since 1970.
        axis_us: where the first column begins and the last one ends, likewise.
        column_us: how long a column is, in microseconds.
        jobs: of these jobs; None: of all.
    """
    parameters = column_parameters(first_seq, window_us, axis_us, column_us, jobs)
    return [ColumnRuns(*row) for row in sql.execute(_ORDERED[jobs is not None], parameters).all()]


def column_parameters(
    first_seq: int,
    window_us: tuple[int, int],
    axis_us: tuple[int, int],
    column_us: int,
    jobs: list[str] | None,
) -> dict[str, object]:
    """The parameters of `counted`; they mean what those of `runs_by_column` do."""
    found: dict[str, object] = {
        "first_seq": first_seq,
        "begin": window_us[0],
        "end": window_us[1],
        "axis_begin": axis_us[0],
        "axis_end": axis_us[1],
        "column": column_us,
    }
    return found if jobs is None else {**found, "jobs": sorted(jobs)}


_ORDERED: Final = {of_jobs: f"FROM ({counted(of_jobs)}) ORDER BY ALL" for of_jobs in (False, True)}

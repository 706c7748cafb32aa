"""Runs counted by the columns of an axis of time, where what looks alike side by side is one row.

So a picture of a hundred jobs costs no more than the bars that it shows, however many columns those go through.
"""
# ruff: noqa: S608 - the SQL is put together from constants

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Final

from projections.reports.timeline.runs_by_column import ColumnRuns, column_parameters, counted

if TYPE_CHECKING:
    from projections.sql.connection import Sql

# Runs are narrow if they began and ended in one column, and were not due in an earlier one. They join what is beside
# them unless another run of the job lasts there: a picture has one below the other, and only it knows which.
_QUERY: Final = f"""
WITH placed AS (
    SELECT *, first_column = last_column AND due_column >= first_column AS narrow,
           least(first_column, due_column) AS begin_column,
           row_number() OVER (PARTITION BY job ORDER BY first_column, last_column, mark, due_column, before, after)
               AS place
    FROM ({counted(of_jobs=True)})
), apart AS (
    SELECT p.*, narrow AND first_column < coalesce(since, 9223372036854775807) AND first_column > coalesce(
               max(CASE WHEN NOT narrow THEN last_column END)
                   OVER (PARTITION BY p.job ORDER BY begin_column RANGE UNBOUNDED PRECEDING), -1) AS joins
    FROM placed AS p LEFT JOIN (SELECT unnest($busy) AS job, unnest($since) AS since) AS b ON b.job = p.job
), begun AS (
    SELECT *, NOT coalesce(joins AND lag(joins) OVER w AND lag(mark) OVER w = mark
                           AND first_column - lag(last_column) OVER w <= 1, false) AS begins
    FROM apart WINDOW w AS (PARTITION BY job ORDER BY place)
), bars AS (
    SELECT *, sum(begins::INTEGER) OVER (PARTITION BY job ORDER BY place ROWS UNBOUNDED PRECEDING) AS bar FROM begun
)
SELECT job, any_value(mark) AS mark, min(first_column) AS first, max(last_column) AS last,
       arg_min(due_column, place) AS due, bool_or(before), bool_or(after), sum(runs)::BIGINT, max(late_us),
       arg_min(first_due_us, place), bool_and(joins) AND min(first_column) < max(first_column)
FROM bars GROUP BY job, bar ORDER BY job, mark, first, last, due, min(place)
"""


def joined_runs(
    sql: Sql,
    *,
    first_seq: int,
    window_us: tuple[int, int],
    axis_us: tuple[int, int],
    column_us: int,
    jobs: list[str],
    busy: Mapping[str, int],
) -> list[tuple[ColumnRuns, bool]]:
    """The runs of `runs_by_column` for some jobs, those of columns side by side joined where nothing is beside them.

    Args:
        sql: an open connection.
        first_seq, window_us, axis_us, column_us, jobs: see `runs_by_column`.
        busy: the column from which on a job has a run that is not settled; nothing is joined there.

    Returns:
        By job, mark and column: runs that look alike, from their first column to their last one, and whether they
        are joined: then each of them began and ended in one column, and `first_due_us` is of the first column's runs.
    """
    parameters = column_parameters(first_seq, window_us, axis_us, column_us, jobs)
    parameters |= {"busy": list(busy), "since": list(busy.values())}
    rows = sql.execute(_QUERY, parameters).all()
    return [(ColumnRuns(*row[:-1]), row[-1]) for row in rows]

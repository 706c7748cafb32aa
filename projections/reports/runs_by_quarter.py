"""Runs counted by the quarter of an hour in which they started."""
# ruff: noqa: S608 - the SQL is put together from constants

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from projections.schema.literals import among
from scheduler.entry_members import FAILURES

if TYPE_CHECKING:
    from projections.sql.connection import Sql


QUARTER_S = 900
"""Zones differ from UTC by multiples of this: what is counted by quarters fits the hours of all of them."""

_QUERY = f"""
SELECT epoch_us(started) // $quarter_us AS quarter, count(*),
       count(*) FILTER (outcome IN {among(FAILURES)}),
       count(duration_ms), coalesce(sum(duration_ms), 0)::BIGINT
FROM runs
WHERE started >= to_timestamp($begin / 1e6) AND started < to_timestamp($end / 1e6)
  AND {{of_jobs}}
GROUP BY quarter
"""
# The jobs are in order, so that most of what belongs to others is never read.
_OF_JOBS: Final = "job BETWEEN $jobs[1] AND $jobs[-1] AND list_contains($jobs, job)"
_QUERIES: Final = {True: _QUERY.format(of_jobs=_OF_JOBS), False: _QUERY.format(of_jobs="true")}


class QuarterRuns(NamedTuple):
    """The runs that started in one quarter of an hour.

    Attributes:
        quarter: which, counted from 1970 in UTC.
        runs: how many started; failures: how many of them failed, timed out or were lost.
        timed: of how many it is known how long they took; duration_ms: how long those took, together.
    """

    quarter: int
    runs: int
    failures: int
    timed: int
    duration_ms: int


def runs_by_quarter(sql: Sql, begin_us: int, end_us: int, jobs: list[str] | None) -> list[QuarterRuns]:
    """The quarters of an hour in which runs started, in no order.

    Args:
        sql: an open connection.
        begin_us: from this instant on, in microseconds since 1970; end_us: before this one.
        jobs: of these jobs; None: of all.
    """
    parameters: dict[str, object] = {"begin": begin_us, "end": end_us, "quarter_us": QUARTER_S * 1_000_000}
    if jobs is not None:
        parameters["jobs"] = sorted(jobs)
    return [QuarterRuns(*row) for row in sql.execute(_QUERIES[jobs is not None], parameters).all()]

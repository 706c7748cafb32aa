"""What became of each job's runs and instants, counted over the whole history."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from scheduler.entry_members import CLOSING_REASONS

if TYPE_CHECKING:
    from projections.sql.connection import Sql

_ENDED = """
SELECT job, coalesce(outcome, 'skipped') AS outcome, count(*), max(finished)
FROM runs WHERE status IN ('finished', 'skipped') GROUP BY ALL
"""
_SPREAD = """
SELECT {job} AS job, list_sum(list_transform($bounds, lambda bound: ({value} > bound)::INTEGER))::INTEGER AS place,
       count(*), sum(greatest({value}, 0))::BIGINT
FROM runs WHERE {value} IS NOT NULL AND {which} GROUP BY ALL
"""
_MISSED = """
SELECT job, reason, sum(instants)::BIGINT FROM (
    SELECT job, skipped_reason AS reason, 1 AS instants FROM runs WHERE status = 'skipped'
    UNION ALL
    SELECT job, coalesce(data->>'$.reason', 'scheduler_down') AS reason,
           TRY_CAST(data->>'$.count' AS BIGINT) - TRY_CAST(data->>'$.will_run' AS BIGINT) AS instants
    FROM events WHERE type = 'schedule.misfired'
) WHERE instants > 0 AND NOT list_contains($closing, reason) GROUP BY ALL
"""


class EndedRuns(NamedTuple):
    """How many runs of a job ended with an outcome, or were `skipped`, and when the newest of them ended."""

    job: str
    outcome: str
    runs: int
    newest: datetime | None


class SpreadRuns(NamedTuple):
    """Runs of a job, or of all, of which a value is larger than `place` of the bounds: how many, and their sum."""

    job: str
    place: int
    runs: int
    sum_ms: int


class MissedInstants(NamedTuple):
    """How many instants of a job got no run, for a reason that stands in the ledger."""

    job: str
    reason: str
    instants: int


def ended_runs(sql: Sql) -> list[EndedRuns]:
    """The runs that ended, by job and outcome."""
    return [EndedRuns(*row) for row in sql.execute(_ENDED).all()]


def durations(sql: Sql, bounds_ms: Sequence[int]) -> list[SpreadRuns]:
    """How long the last attempts of runs took, by job and place among the bounds."""
    query = _SPREAD.format(job="job", value="duration_ms", which="status = 'finished'")
    return [SpreadRuns(*row) for row in sql.execute(query, {"bounds": list(bounds_ms)}).all()]


def lateness(sql: Sql, bounds_ms: Sequence[int]) -> list[SpreadRuns]:
    """How long after its instant each tick by schedule was recorded, of all jobs, by place among the bounds."""
    query = _SPREAD.format(job="''", value="lateness_ms", which="trigger = 'schedule'")
    return [SpreadRuns(*row) for row in sql.execute(query, {"bounds": list(bounds_ms)}).all()]


def missed_instants(sql: Sql) -> list[MissedInstants]:
    """The instants of schedules in force that got no run, by job and reason."""
    return [MissedInstants(*row) for row in sql.execute(_MISSED, {"closing": list(CLOSING_REASONS)}).all()]

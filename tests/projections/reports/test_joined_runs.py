"""Runs of columns side by side as one row: the bars of a picture are the same as from the rows of each column."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any, cast

import duckdb
import pytest

from cli.charts.axis import Axis
from cli.charts.timeline import RunMark, RunSpan
from cli.console.pages.time.row_picture import Bar, bars_of
from projections import Sql
from projections.reports.timeline.joined_runs import joined_runs
from projections.reports.timeline.runs_by_column import ColumnRuns, runs_by_column

BEGIN_US, COLUMN_US, COLUMNS = 1_000_000_000, 60_000_000, 24
AXIS = Axis(BEGIN_US, COLUMN_US, COLUMNS)
JOBS = ["busy", "calm", "late", "other"]
_RUN = (
    "job VARCHAR, run BIGINT, status VARCHAR, outcome VARCHAR, attempt INTEGER, started TIMESTAMPTZ, "
    "scheduled_for TIMESTAMPTZ, owed_at TIMESTAMPTZ, finished TIMESTAMPTZ, duration_ms BIGINT, settled_seq BIGINT, "
    "retry_at TIMESTAMPTZ, closes BIGINT"
)
_MARKS = (("finished", "succeeded"), ("finished", "failed"), ("skipped", None), ("finished", "timed_out"))


class _Engine:
    """Settled runs in tables, asked as `Sql` asks."""

    def __init__(self, engine: duckdb.DuckDBPyConnection) -> None:
        self._engine = engine

    def execute(self, query: str, parameters: dict[str, Any]) -> _Engine:
        self._engine.execute(query, parameters)
        return self

    def all(self) -> list[Any]:
        return self._engine.fetchall()


@pytest.fixture
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    """An engine with the tables of settled runs, empty."""
    with duckdb.connect() as engine:
        engine.execute("SET TimeZone = 'UTC'")
        engine.execute("CREATE SCHEMA parts")
        for table in ("sealed_runs", "recent_runs"):
            engine.execute(f"CREATE TABLE parts.{table} ({_RUN})")
        yield engine


def filled(engine: duckdb.DuckDBPyConnection, random: Random) -> None:
    """Some hundred runs at random: of one job short and on time, of others some long, late, retried or skipped."""
    rows = []
    for number in range(random.choice([20, 200, 400])):
        job, uneven = random.choice(JOBS), random.random() < 0.15
        due = BEGIN_US + random.randrange(-3 * COLUMN_US, (COLUMNS + 2) * COLUMN_US)
        due -= due % COLUMN_US
        began = due + (random.choice([0, 5_000, 2 * COLUMN_US]) if uneven and job != "calm" else 0)
        lasts_ms = random.choice([1, 50, 1_000, 200_000]) if uneven and job != "calm" else 20
        status, outcome = random.choice(_MARKS) if uneven else _MARKS[0]
        retried = status == "finished" and random.random() < 0.05
        rows.append(
            f"({job!r}, {number}, {status!r}, {repr(outcome) if outcome else 'NULL'}, "
            f"{1 + (random.random() < 0.05)}, "
            f"make_timestamptz({began}), make_timestamptz({due}), make_timestamptz({due}), "
            f"make_timestamptz({began + lasts_ms * 1_000}), {lasts_ms}, {number}, "
            f"{f'make_timestamptz({due})' if retried else 'NULL'}, NULL)"
        )
    for table, part in (("sealed_runs", rows[::2]), ("recent_runs", rows[1::2])):
        engine.execute(f"INSERT INTO parts.{table} VALUES {', '.join(part)}")


def bars(found: list[tuple[ColumnRuns, bool]], in_flight: dict[str, int]) -> dict[str, list[Bar]]:
    """What a page draws of these rows, and of a run that goes on."""
    drawn = {}
    for job in JOBS:
        spans = [
            RunSpan(
                each.first_column, each.last_column, cast("RunMark", each.outcome), each.runs,
                each.due_column if each.due_column < each.first_column else None, each.before, each.after,
                each.first_due_us, joined,
            )
            for each, joined in found
            if each.job == job
        ]  # fmt: skip
        if job in in_flight:
            spans.append(
                RunSpan(min(in_flight[job] + 2, COLUMNS - 1), COLUMNS - 1, "running", due=in_flight[job])
            )
        drawn[job] = bars_of(spans)
    return drawn


@pytest.mark.parametrize("seed", range(5))
def test_the_bars_are_those_of_each_column(engine: duckdb.DuckDBPyConnection, seed: int) -> None:
    """Whatever ran, joined rows lead to the same bars, and each run is counted once."""
    random = Random(seed)
    filled(engine, random)
    asked: dict[str, Any] = {
        "first_seq": random.choice([0, 10]),
        "window_us": (BEGIN_US + 5_000_000, BEGIN_US + COLUMNS * COLUMN_US - 7_000_000),
        "axis_us": (AXIS.begin_us, AXIS.end_us),
        "column_us": COLUMN_US,
        "jobs": JOBS[:3],
    }
    in_flight = {"busy": random.randrange(COLUMNS)}
    sql = cast("Sql", _Engine(engine))
    each = [(found, False) for found in runs_by_column(sql, **asked)]
    joined = joined_runs(sql, **asked, busy=in_flight)
    assert bars(joined, in_flight) == bars(each, in_flight)
    assert sum(found.runs for found, _ in joined) == sum(found.runs for found, _ in each)
    assert {found.job for found, _ in each} == set(JOBS[:3])
    assert len(each) < 100 or len(joined) < len(each)


def test_what_is_even_is_one_row(engine: duckdb.DuckDBPyConnection) -> None:
    """A job that ran well in every column is one row, from the first column to the last."""
    engine.execute(
        "INSERT INTO parts.sealed_runs SELECT 'calm', i, 'finished', 'succeeded', 1, t, t, t, t, 20, i, NULL, NULL "
        "FROM (SELECT i, make_timestamptz($1 + i * 10000000) AS t FROM range($2) AS r(i))",
        [BEGIN_US, COLUMNS * 6],
    )
    ((found, joined),) = joined_runs(
        cast("Sql", _Engine(engine)), first_seq=0, window_us=(AXIS.begin_us, AXIS.end_us),
        axis_us=(AXIS.begin_us, AXIS.end_us), column_us=COLUMN_US, jobs=["calm"], busy={},
    )  # fmt: skip
    assert (found.first_column, found.last_column, found.runs, joined) == (0, COLUMNS - 1, COLUMNS * 6, True)

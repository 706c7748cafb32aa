"""SQL over the whole history: GROUP BY against DuckDB on one Parquet file of the same rows, and a filter by job."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.bench import Bench
from benchmarks.figures import Line, median, number
from benchmarks.generate import copy_home, long_home
from benchmarks.homes import taken_ms_by
from projections import Sql, open_sql
from projections.build.maintenance import maintain
from projections.files.database import DATABASE_NAME
from projections.schema.literals import quoted
from scheduler.home import Home

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RATIO_MAX = 1.3
TAKEN_MS_MAX = 400.0
FILTER = "SELECT outcome, count(*) FROM runs WHERE job = 'job-007' GROUP BY ALL"
QUERIES = {
    "type, job": ("events", "SELECT type, job, count(*) FROM {} GROUP BY ALL"),
    "job, outcome": (
        "runs",
        "SELECT job, outcome, count(*), avg(duration_ms), max(duration_ms) FROM {} GROUP BY ALL",
    ),
    "job, day": (
        "runs",
        "SELECT job, scheduled_for::DATE AS day, count(*), avg(duration_ms) FROM {} GROUP BY ALL",
    ),
}
"""What is grouped by, the view, and the query."""


def run(bench: Bench) -> list[Line]:
    """Measure queries on the two big views; the projections are complete, and in as few files as they will be."""
    import duckdb

    with bench.room("grouping") as room:
        home, entries = Home(room / "home"), bench.of(600, 600_000, 10_000_000)
        copy_home(long_home(bench, entries), home)
        bench.note(f"projecting {entries:,} entries")
        begun_s = time.perf_counter()
        maintain(home)
        per_s = entries / (time.perf_counter() - begun_s)
        with open_sql(home) as sql, duckdb.connect() as engine:
            engine.execute("SET TimeZone = 'UTC'")
            engine.execute(f"ATTACH {quoted(home.projections / DATABASE_NAME)} AS cronledger (READ_ONLY)")
            for view in ("events", "runs"):
                engine.execute(
                    f"COPY (FROM cronledger.{view}) TO {_one_file(room, view)} (FORMAT parquet, COMPRESSION zstd)"
                )
            engine.execute("DETACH cronledger")
            lines = [_compare(bench, sql, engine, room, by, entries) for by in QUERIES]
        lines.append(_as_a_process(bench, home, entries))
    return [*lines, Line("projections made for the first time", f"{number(per_s)} entries/s")]


def _one_file(room: Path, view: str) -> str:
    """The same rows in one file, as an SQL literal."""
    return quoted(room / f"{view}.parquet")


def _compare(bench: Bench, sql: Sql, engine: DuckDBPyConnection, room: Path, by: str, entries: int) -> Line:
    view, query = QUERIES[by]
    one_file = _one_file(room, view)
    ours: list[float] = []
    theirs: list[float] = []
    for _ in range(bench.of(1, 9, 15)):
        begun_s = time.perf_counter()
        mine = sorted(sql.execute(query.format(view)).all(), key=str)
        answered_s = time.perf_counter()
        same = sorted(engine.execute(query.format(f"read_parquet({one_file})")).fetchall(), key=str)
        ours.append(1000 * (answered_s - begun_s))
        theirs.append(1000 * (time.perf_counter() - answered_s))
        if mine != same:
            raise RuntimeError(f"two answers to {query.format(view)}")
    ratio = median(ours) / median(theirs)
    return Line(
        f"GROUP BY {by} over `{view}`, {entries:,} entries",
        f"{number(median(ours))} ms",
        f"DuckDB on one Parquet file {number(median(theirs))} ms",
        ratio,
        f"≤ {RATIO_MAX} times it",
        ratio <= RATIO_MAX,
    )


def _as_a_process(bench: Bench, home: Home, entries: int) -> Line:
    """A filter by job over all history, from the command's start to its end."""
    taken = median([taken_ms_by(home, "sql", FILTER) for _ in range(bench.of(1, 7, 15))])
    return Line(
        f"`sql` with a filter by job, {entries:,} entries",
        f"{number(taken)} ms",
        aim=f"≤ {TAKEN_MS_MAX:.0f} ms as a whole process",
        reached=taken <= TAKEN_MS_MAX,
    )

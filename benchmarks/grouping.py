"""A GROUP BY over the whole history in SQL, against DuckDB on one Parquet file of the same rows."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks.bench import Bench
from benchmarks.figures import Line, median, number
from benchmarks.generate import copy_home, long_home
from projections import Sql, open_sql
from projections.database import DATABASE_NAME
from projections.schema import quoted
from scheduler.home import Home

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

RATIO_MAX = 1.3
QUERIES = {
    "events": "SELECT type, job, count(*) FROM {} GROUP BY ALL",
    "runs": "SELECT job, outcome, count(*), avg(duration_ms), max(duration_ms) FROM {} GROUP BY ALL",
}


def run(bench: Bench) -> list[Line]:
    """Measure a query on each of the two big views; the projections are there already."""
    import duckdb

    with bench.room("grouping") as room:
        home, entries = Home(room / "home"), bench.of(600, 600_000, 10_000_000)
        copy_home(long_home(bench, entries), home)
        bench.note(f"projecting {entries:,} entries")
        begun_s = time.perf_counter()
        with open_sql(home) as sql, duckdb.connect() as engine:
            per_s = entries / (time.perf_counter() - begun_s)
            views = quoted(home.projections / DATABASE_NAME)
            engine.execute(f"ATTACH {views} AS cronledger (READ_ONLY)")
            lines = [
                _compare(bench, sql, engine, view, quoted(room / f"{view}.parquet"), entries)
                for view in QUERIES
            ]
    return [*lines, Line("projections made for the first time", f"{number(per_s)} entries/s")]


def _compare(
    bench: Bench, sql: Sql, engine: DuckDBPyConnection, view: str, one_file: str, entries: int
) -> Line:
    engine.execute(f"COPY (FROM cronledger.{view}) TO {one_file} (FORMAT parquet, COMPRESSION zstd)")
    query = QUERIES[view]
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
        f"GROUP BY over `{view}`, {entries:,} entries",
        f"{number(median(ours))} ms",
        f"DuckDB on one Parquet file {number(median(theirs))} ms",
        ratio,
        f"≤ {RATIO_MAX} times it",
        ratio <= RATIO_MAX,
    )

"""Durable appends to a ledger in a database, against what psycopg alone takes for the same rows."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from functools import partial

import psycopg

from benchmarks.appends import BATCH, result
from benchmarks.bench import Bench
from benchmarks.figures import Line, median, number, percentile
from eventstore.encoder import compose
from eventstore.journal import utc_now
from eventstore.store import EventStore
from scheduler.store import open_store_to_append
from scheduler.vocabulary import SCHEDULER
from tests.support.cluster.cluster import Cluster

BATCH_RATIO_MIN = 0.5
ONE_RATIO_MAX = 3.0


def run(bench: Bench, cluster: Cluster) -> list[Line]:
    """A thousand at a time, and one at a time; the contenders take turns, since disks waver."""
    store = open_store_to_append(next(iter(cluster.nodes.values())).home, SCHEDULER)
    with cluster.server.connect(cluster.database) as plain:
        plain.execute("CREATE TABLE plain (seq bigint PRIMARY KEY, line bytea NOT NULL)")
        try:
            many = _taken_s(bench.of(3, 50, 200), BATCH, store, plain)
            one = _taken_s(bench.of(10, 200, 1_000), 1, store, plain)
        finally:
            store.close()
    ratio = median([theirs / ours for ours, theirs in many])
    ours_ms, theirs_ms = [1_000 * percentile(values, 0.5) for values in zip(*one, strict=True)]
    return [
        Line(
            "PostgreSQL: durable appends, batches of 1,000",
            f"{number(BATCH / median([ours for ours, _ in many]))} entries/s",
            f"psycopg, `executemany` of the same rows {number(BATCH / median([each for _, each in many]))}/s",
            ratio,
            f"≥ {BATCH_RATIO_MIN} of that",
            ratio >= BATCH_RATIO_MIN,
        ),
        Line(
            "PostgreSQL: an append of one entry, p50",
            f"{number(ours_ms)} ms",
            f"psycopg, an `INSERT` of one row {number(theirs_ms)} ms",
            ours_ms / theirs_ms,
            f"≤ {ONE_RATIO_MAX:.0f} times that",
            ours_ms <= ONE_RATIO_MAX * theirs_ms,
        ),
    ]


def _taken_s(
    rounds: int, batch: int, store: EventStore, plain: psycopg.Connection[tuple[object, ...]]
) -> list[tuple[float, float]]:
    """Seconds of each round: an append of so many entries, and an insert of as many rows."""
    events = [result(run) for run in range(batch)]
    taken = []
    for _ in range(rounds):
        head = store.head()
        lines = compose(events, head, head.seq, utc_now())
        ours_s = _seconds(partial(store.append, events))
        taken.append((ours_s, _seconds(partial(_insert, plain, head.seq + 1, lines))))
    return taken


def _insert(plain: psycopg.Connection[tuple[object, ...]], first: int, lines: Sequence[bytes]) -> None:
    """One row by a statement that commits by itself, several in a transaction."""
    statement = "INSERT INTO plain (seq, line) VALUES (%s, %s)"
    if len(lines) == 1:
        plain.execute(statement, (first, lines[0]))
        return
    with plain.transaction(), plain.cursor() as cursor:
        cursor.executemany(statement, list(enumerate(lines, first)))


def _seconds(call: Callable[[], object]) -> float:
    begun_s = time.perf_counter()
    call()
    return time.perf_counter() - begun_s

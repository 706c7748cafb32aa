"""From an append, wherever it is made, to the files of another node that serves."""

from __future__ import annotations

import time
from pathlib import Path

from benchmarks.bench import Bench
from benchmarks.figures import Line, number, percentile
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.store import open_store_to_append
from tests.support.cluster.cluster import Cluster

SEEN_MS_MAX = 50.0
_LOOK_S = 0.0005
_SEEN_MAX_S = 30.0
_REST_S = 0.05


def run(bench: Bench, cluster: Cluster) -> list[Line]:
    """Milliseconds from when an append begins, with its commit, and from when it is committed.

    The second is what the aim speaks of. A node has seen an entry when it has written it into its files, which it
    does before it folds it; the head beside them is written once a second.
    """
    cluster.apply("jobs: {tick: {on_demand: true, command: 'true'}}\n")
    cluster.wait_for_leader()
    here, *others = [node.home for node in cluster.nodes.values()]
    store = open_store_to_append(here, v.SCHEDULER)
    begun_ms, committed_ms = [], []
    try:
        for number_of_append in range(bench.of(5, 200, 1_000)):
            # Appends come at other places of the loops' turns each time.
            time.sleep(_REST_S * (1 + number_of_append % 7 / 7))
            store.refresh()
            begun_s = time.perf_counter()
            store.append([_event(number_of_append)])
            committed_s = time.perf_counter()
            seen_s = _when_seen(here, others)
            begun_ms += [1_000 * (each - begun_s) for each in seen_s]
            committed_ms += [1_000 * (each - committed_s) for each in seen_s]
    finally:
        store.close()
    p50, p99 = percentile(committed_ms, 0.5), percentile(committed_ms, 0.99)
    with_commit = f"with the commit p50 {number(percentile(begun_ms, 0.5))} ms"
    return [
        Line(
            "PostgreSQL: from the commit of an entry to the files of the other nodes",
            f"p50 {number(p50)} ms, p99 {number(p99)} ms; {with_commit}",
            "",
            None,
            f"≤ {SEEN_MS_MAX:.0f} ms at the 99th percentile",
            p99 <= SEEN_MS_MAX,
        )
    ]


def _event(number_of_append: int) -> Event:
    """An entry that changes little and is legal each time."""
    switch = (
        v.JobDisabled(reason="measured") if number_of_append % 2 == 0 else v.JobEnabled(reason="measured")
    )
    return v.event(switch, "user:bench@bench", job="tick")


def _when_seen(here: Home, others: list[Home]) -> list[float]:
    """When the files of each of the others became as long as those here: mirrors have the same bytes."""
    segment = max(here.mirror.glob("*.jsonl"))
    size = segment.stat().st_size
    waiting = [home.mirror / segment.name for home in others]
    seen_s: list[float] = []
    give_up_s = time.perf_counter() + _SEEN_MAX_S
    while waiting:
        if time.perf_counter() > give_up_s:
            raise TimeoutError(f"an entry never came to {waiting[0].parent}")
        there = [path for path in waiting if _size(path) >= size]
        seen_s += [time.perf_counter()] * len(there)
        waiting = [path for path in waiting if path not in there]
        time.sleep(_LOOK_S)
    return seen_s


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else -1

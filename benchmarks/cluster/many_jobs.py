"""Ten thousand jobs on three nodes: how soon they serve, what they cost while nothing is due, and a minute's herd."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

from benchmarks import herd_contenders as contenders
from benchmarks.bench import Bench
from benchmarks.figures import Line, number
from benchmarks.machine import cpu_s, processes_cpu_s, resident_mb
from tests.support.cluster.cluster import Cluster
from tests.support.cluster.record import Entry, time_of

APPLY_S_MAX = 30.0
"""How long before its instant the config of a full herd is applied: with 10,000 jobs that takes seconds."""
_LOOK_S = 0.05


def run(bench: Bench, cluster: Cluster) -> list[Line]:
    """The herd comes last: an instant that is configured when all else was measured."""
    count, herd = bench.of(20, 10_000, 10_000), bench.of(5, 500, 500)
    what = f"{count:,} jobs on three nodes"
    daily = "jobs:\n" + "".join(_daily(count))
    begun_s = time.monotonic()
    cluster.apply(daily)
    applied_s = time.monotonic() - begun_s
    bench.note(f"applied in {applied_s:.2f} s")
    begun_s = time.monotonic()
    with cluster.serving():
        ready_s = time.monotonic() - begun_s
        leader = cluster.wait_for_leader()
        return [
            Line(f"{what}: `config apply`", f"{number(applied_s)} s"),
            Line(f"{what}: all of them ready after", f"{number(ready_s)} s"),
            *_idle(bench, cluster, leader, what),
            *_herd(bench, cluster, leader, daily, herd),
        ]


def _daily(count: int) -> Iterator[str]:
    """Once a day each, none within the next hours."""
    begin = int(time.time() // 3_600 + 3) * 60
    for number_of_job in range(count):
        minute = (begin + number_of_job % (18 * 60)) % (24 * 60)
        yield f"  job-{number_of_job:05d}: {{schedule: '{minute % 60} {minute // 60} * * *', command: 'true'}}\n"


def _idle(bench: Bench, cluster: Cluster, leader: str, what: str) -> list[Line]:
    """Memory and processor of the leader, of the others, and of the database for all three."""
    time.sleep(bench.of(0.1, 5.0, 5.0))
    before = _Used(cluster)
    watch_s = bench.of(0.5, 20.0, 60.0)
    time.sleep(watch_s)
    nodes, database = _Used(cluster).since(before)
    memory = {name: resident_mb(node.pid) for name, node in cluster.nodes.items()}
    others = [name for name in nodes if name != leader]
    return [
        Line(
            f"{what}: resident memory",
            f"leader {number(memory[leader])} MB, others {number(max(memory[name] for name in others))} MB",
        ),
        Line(
            f"{what}: idle, of a core",
            f"leader {100 * nodes[leader] / watch_s:.2f} %, "
            f"others {max(100 * nodes[name] / watch_s for name in others):.2f} %, "
            f"database {100 * database / watch_s:.2f} %",
        ),
    ]


def _herd(bench: Bench, cluster: Cluster, leader: str, daily: str, count: int) -> list[Line]:
    """So many more jobs, all due at one instant.

    Raises:
        TimeoutError: not every result was recorded in time.
    """
    first = cluster.now()
    lead_s = bench.of(contenders.LEAD_S, APPLY_S_MAX, APPLY_S_MAX)
    instant_s, names = _apply_before(lead_s, cluster, daily, count)
    time.sleep(max(0.0, instant_s - time.time() - 0.5))
    before = _Used(cluster)
    give_up_s = time.monotonic() + contenders.HERD_MAX_S
    while len(_of(cluster, "run.finished", first, names)) < count:
        if time.monotonic() > give_up_s:
            raise TimeoutError("not every result was recorded")
        time.sleep(_LOOK_S)
    nodes, database = _Used(cluster).since(before)
    started = [time_of(entry) - instant_s for entry in _of(cluster, "run.started", first, names)]
    ended_s = max(time_of(entry) for entry in _of(cluster, "run.finished", first, names)) - instant_s
    others = max(spent for name, spent in nodes.items() if name != leader)
    what = f"{count} of them due at once"
    return [
        Line(
            f"{what}: the first and the last started, every result durable after",
            f"{number(1_000 * min(started))} ms, {number(max(started))} s, {number(ended_s)} s: "
            f"{number(count / ended_s)} runs/s",
        ),
        Line(
            f"{what}: processor time",
            f"leader {number(nodes[leader])} s, others {number(others)} s each, database {number(database)} s",
            "",
            database / (database + sum(nodes.values()) or 1),
        ),
    ]


def _apply_before(lead_s: float, cluster: Cluster, daily: str, count: int) -> tuple[float, list[str]]:
    """Apply jobs that are all due at one instant, so much later; the instant, and their names.

    What is applied after its instant is not due any more: then others are applied, with more time before theirs.
    """
    while True:
        names = [f"herd-{lead_s:.0f}s-{number_of_job:03d}" for number_of_job in range(count)]
        instant_s = float(int(time.time() + lead_s) + 1)
        at = datetime.fromtimestamp(instant_s, UTC).isoformat()
        cluster.apply(daily + "".join(f"  {name}: {{at: '{at}', command: 'true'}}\n" for name in names))
        if time.time() < instant_s:
            return instant_s, names
        lead_s *= 2


def _of(cluster: Cluster, kind: str, first: int, names: Sequence[str]) -> list[Entry]:
    """The entries of a type about some jobs, from an entry on."""
    jobs = set(names)
    return [
        entry for entry in cluster.record.of_types(kind) if entry["seq"] >= first and entry["job"] in jobs
    ]


class _Used:
    """Processor time that the nodes' schedulers and the database have used so far, in seconds."""

    def __init__(self, cluster: Cluster) -> None:
        self._nodes = {name: cpu_s(node.pid) for name, node in cluster.nodes.items()}
        self._database = processes_cpu_s(cluster.server.pid)

    def since(self, before: _Used) -> tuple[dict[str, float], float]:
        """What the nodes, and the database, have used between two looks."""
        nodes = {name: spent - before._nodes[name] for name, spent in self._nodes.items()}
        return nodes, self._database - before._database

"""A leader that is killed with -9: how soon another one has started something."""

from __future__ import annotations

import time

from benchmarks.bench import Bench
from benchmarks.figures import Line, number, percentile
from tests.support.cluster.cluster import Cluster
from tests.support.cluster.record import time_of

START_S_MAX = 5.0
_CONFIG = "jobs:\n" + "".join(f"  beat-{number}: {{every: 1s, command: 'true'}}\n" for number in range(5))


def run(bench: Bench, cluster: Cluster) -> list[Line]:
    """Kill whoever leads, again and again; who was killed comes back before the next one goes."""
    cluster.apply(_CONFIG)
    taken_s = []
    for _ in range(bench.of(1, 5, 20)):
        leader = cluster.wait_for_leader()
        after = cluster.record.wait_for("run.started", cluster.now())
        killed_s = time.time()
        cluster.nodes[leader].kill()
        elected = cluster.record.wait_for("leader.elected", after["seq"])
        started = cluster.record.wait_for("run.started", elected["seq"])
        taken_s.append(time_of(started) - killed_s)
        bench.note(f"{leader} killed: {elected['data']['node']} started a run after {taken_s[-1]:.2f} s")
        cluster.nodes[leader].start()
        cluster.nodes[leader].wait_until_ready()
    worst_s = max(taken_s)
    return [
        Line(
            f"leader killed to the next start, {len(taken_s)} times",
            f"p50 {number(percentile(taken_s, 0.5))} s, p100 {number(worst_s)} s",
            "",
            None,
            f"≤ {START_S_MAX:.0f} s each time",
            worst_s <= START_S_MAX,
        )
    ]

"""Real nodes on a real PostgreSQL, and what befalls them: `--hunt` has hundreds of faults, a normal run a few."""

from __future__ import annotations

import random
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.support.cluster.cluster import succeeded
from tests.support.cluster.faults import ASKED, Hunt
from tests.support.cluster.judge import entries_of, judge, mirrors_are_prefixes, ticked, unended
from tests.support.cluster.networks import Gates, Namespaces, Network
from tests.support.cluster.witness import Witnesses
from tests.support.command import await_fact

NODES, NODES_OF_FEW = ("a", "b", "c"), ("a", "b")
LED_AGAIN_S_MAX = 5.0
"""From a leader's death to the next start that another one decided."""
FEW = ("leader cut off",)
"""What `tests/scheduler/nodes/test_real_nodes.py` does not do; it kills and stops."""
FEW_SEED = 47
"""With it the leader is cut off for 4.8 s: hardly longer than another one needs to lead."""
MANY = {
    "leader killed": 100,
    "leader stopped": 20,
    "leader cut off": 20,
    "node killed": 20,
    "node stopped": 10,
    "node cut off": 20,
    "database restarted": 20,
    "database stopped at once": 15,
    "database killed": 15,
    "database frozen": 10,
    "fail-over": 20,
}
PERIODS_S = {"quick": 1, "queued": 2, "beside": 1, "retried": 3, "each": 2}
"""The jobs that are due every so many seconds."""
SLOWER = 3
"""So many times as long are those periods in a normal run."""


def config(witnesses: Witnesses, periods_s: Mapping[str, int]) -> str:
    """Jobs of several kinds, each of which writes down its attempts; a node has four slots."""
    say, every = witnesses.command, periods_s
    return f"""\
scheduler: {{lost_after: 10s, shutdown_grace: 5s, max_parallel: 4}}
jobs:
  quick: {{every: {every["quick"]}s, command: {say("quick")}}}
  queued: {{every: {every["queued"]}s, command: {say("queued", 1.5)}, overlap: queue}}
  beside: {{every: {every["beside"]}s, command: {say("beside", 0.3)}, overlap: allow}}
  retried: {{every: {every["retried"]}s, command: {say("retried", 0.1, 1)}, retry: {{attempts: 2, delay: 1s}}}}
  each: {{every: {every["each"]}s, command: {say("each")}, catch_up: all}}
  {ASKED}: {{on_demand: true, command: {say(ASKED, 0.2)}}}
"""


def network(hunt: bool) -> Network:
    """In a hunt the kernel's own, where it lets us have one."""
    return Namespaces(NODES) if hunt and Namespaces.why_not() is None else Gates()


def drawn(seed: int, hunt: bool) -> list[str]:
    """The faults in the order in which they strike."""
    faults = [fault for fault, times in MANY.items() for _ in range(times)] if hunt else list(FEW)
    random.Random(seed).shuffle(faults)
    return faults


@pytest.mark.long
@pytest.mark.real
def test_faults_lose_nothing_and_double_nothing(tmp_path: Path, pg_cluster: Path, hunt: bool) -> None:
    """Whatever befalls nodes and database: each instant is settled once, nothing is twice or gone, work goes on."""
    seed = int(time.time()) if hunt else FEW_SEED
    witnesses = Witnesses(tmp_path / "witnesses")
    nodes = NODES if hunt else NODES_OF_FEW
    periods_s = PERIODS_S if hunt else {job: period_s * SLOWER for job, period_s in PERIODS_S.items()}
    life = Hunt(tmp_path / "homes", nodes, network(hunt), seed, copied=None if hunt else pg_cluster)
    try:
        life.cluster.create(config(witnesses, periods_s))
        life.wait_until_all_serve()
        for number, fault in enumerate(drawn(seed, hunt)):
            life.ask()
            life.strike(fault)
            if hunt:
                print(
                    f"{number}: {fault}; seed {seed}; {[held for held in life.held if held.fault == fault][-1:]}",
                    flush=True,
                )
        finish(life, witnesses, periods_s)
        if hunt:
            first = next(iter(life.cluster.nodes.values()))
            succeeded(first, "ledger", "verify", "--database")
            succeeded(first, "ledger", "verify")  # the others' mirrors are beginnings of the same bytes
    finally:
        life.close()
    late = [held for held in life.held if held.fault.startswith("leader") and held.seconds > LED_AGAIN_S_MAX]
    assert not late, late


def finish(life: Hunt, witnesses: Witnesses, periods_s: Mapping[str, int]) -> None:
    """Let each job have been due, and all runs end; stop all nodes, and judge."""
    cluster = life.cluster
    # A short life may lie between two instants of a job, and then nothing would be seen of it.
    await_fact(lambda: cluster.now() > 0 and periods_s.keys() <= ticked(cluster.record.entries))
    first = next(iter(cluster.nodes.values()))
    succeeded(first, "jobs", "disable", *periods_s, "--reason", "the hunt is over")
    await_fact(lambda: cluster.now() > 0 and not unended(cluster.record.entries))
    for node in cluster.nodes.values():
        assert node.stop() == 0, node.said()[-2_000:]
        assert "Traceback" not in node.said(), node.said()
    lines = cluster.lines()
    assert lines[: len(cluster.record.lines)] == cluster.record.lines, "what was committed is gone"
    entries = entries_of(lines)
    assert [entries[run]["type"] for run in life.asked] == ["run.requested"] * len(life.asked)
    verdict = judge(lines, witnesses.seen(), periods_s)
    behind = mirrors_are_prefixes(lines, [node.root for node in cluster.nodes.values()])
    print(f"{verdict}; mirrors behind by {behind}; {sorted(life.held)}")

"""Entries that somebody with the role of a node appended by hand, and that no node would.

The laws tell of each, no node stops for them, and nothing is started a second time.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec import structs

from scheduler import vocabulary as v
from tests.support.node_world import NodeWorld, runs_on, world_of
from tests.support.world import BEGIN, Process, job

FAR = 2**63 - 1
ELECTED = v.LeaderElected(node="ghost", term=FAR, host="h", boot_id="b", pid=1, reason="first")
JOINED = v.NodeJoined(
    node="z", host="z", boot_id="x", pid=1, max_parallel=-3, incarnation="q", labels=["l"] * 9_000
)
ASSIGNED = v.RunAssigned(node="b", attempt=1, trigger="manual")
LOST = v.NodeLost(node="ghost", silent_since=BEGIN, silent_ms=1)
FINISHED = v.RunFinished(trigger="manual", started=BEGIN, outcome="succeeded", attempt=1, node="b")
FORGED: dict[str, tuple[v.Payload, str]] = {
    "an unknown node leads in a huge term": (ELECTED, "no node ghost served then"),
    "an old term": (structs.replace(ELECTED, node="b", term=-5), "the next one is not -5"),
    "a node without bounds": (JOINED, "no node takes fewer runs than none"),
    "a run that goes is assigned again": (ASSIGNED, "had started before"),
    "its next attempt is assigned": (structs.replace(ASSIGNED, attempt=2), "had not ended"),
    "the leader is lost": (structs.replace(LOST, node="a"), "a led then"),
    "an unknown node is lost": (LOST, "no node ghost served then"),
    "an unknown node left": (v.NodeLeft(node="ghost", reason=""), "no node ghost served then"),
    "another node's run ends": (FINISHED, "was made on a, not on b"),
    "it is told of what is not lost": (
        v.RunReported(node="a", trigger="manual", started=BEGIN, outcome="lost", attempt=1),
        "was not lost on a",
    ),
}


def at_work(root: Path) -> NodeWorld:
    """Three nodes, the first of which leads and runs one job for long; another job is due each minute."""
    world = world_of(root, job("tick", "* * * * *"), job("long", on_demand=True), seconds=1_000.0)
    world.ask("long")
    world.run(1.0)
    assert runs_on(world).name == world.leader.name == "a"
    for node in world.nodes.values():
        node.machine.behaviour = lambda launch: Process(1.0, 0)
    return world


def forge(world: NodeWorld, data: v.Payload) -> None:
    """Somebody appends."""
    (started,) = world.entries(v.RunStarted)
    event = v.event(data, v.SCHEDULER)
    if isinstance(data, v.RunAssigned | v.RunStarted | v.RunFinished | v.RunReported):
        event = structs.replace(event, job=started.job, run=started.run)
    world.say(lambda state: [event])


def starts_at_most_once(world: NodeWorld) -> bool:
    """Whether each attempt has one start, and what runs now is one process a run."""
    starts = [(entry.run, v.payload(entry).attempt) for entry in world.entries(v.RunStarted)]
    running = [run for node in world.nodes.values() for run, _ in node.processes]
    return len(starts) == len(set(starts)) and len(running) == len(set(running))


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_entry_is_told_and_stops_nobody(tmp_path: Path, name: str) -> None:
    """What falls due afterwards runs, and the laws name the entry."""
    world = at_work(tmp_path)
    data, words = FORGED[name]
    forge(world, data)
    world.run(80.0, 0.25)
    assert starts_at_most_once(world)
    ran = [entry for entry in world.entries(v.RunFinished) if entry.job == "tick"]
    assert [v.payload(entry).outcome for entry in ran] == ["succeeded"] * len(ran) != []
    (broken,) = world.broken_laws()
    assert words in broken


def test_a_forged_start_in_the_name_of_a_process_starts_nothing_beside_what_runs(tmp_path: Path) -> None:
    """It names the very process that serves, as everybody can read of an earlier start."""
    world = at_work(tmp_path)
    (started,) = world.entries(v.RunStarted)
    forge(world, structs.replace(v.payload(started), attempt=2))
    world.run(10.0, 0.25)
    assert starts_at_most_once(world)
    assert "had not ended" in world.broken_laws()[0]

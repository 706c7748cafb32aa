"""The laws of several machines can be broken: each bug that is planted here is found by one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eventstore.errors import NoAnswer
from eventstore.store import Event, Head
from scheduler import vocabulary as v
from scheduler.definition import SchedulerSettings
from scheduler.nodes import leadership, leading, liveness, node_loop
from scheduler.nodes.execution import node_execution
from scheduler.nodes.liveness import Liveness
from scheduler.nodes.outbox import Outbox
from scheduler.nodes.renewal import Renewal
from scheduler.processes.spawner import Launch, Launched, LaunchFailed
from scheduler.rules.nodes.leadership import election, is_leader
from scheduler.rules.nodes.losses import losses
from scheduler.rules.nodes.starting import assigned_starts
from scheduler.rules.state import State
from scheduler.service.records.decisions import Decisions
from tests.support.simulated_cluster.cluster import Cluster
from tests.support.simulated_cluster.machine import QUICK, Machine, MachineSpawner
from tests.support.simulated_cluster.node import SimulatedNode
from tests.support.simulated_database import SimulatedDatabase, Trouble
from tests.support.world import job

LOST_AFTER_S = 20.0
Plant = Callable[[pytest.MonkeyPatch, Cluster], None]
Deed = Callable[[Cluster], None]


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    """Three nodes with a few jobs, which have run for a while."""
    jobs = [
        job("often", every="10s", overlap="allow"),
        job("each", every="10s", overlap="skip", locks=("disk",)),
        job("also", every="10s", overlap="queue", locks=("disk",)),
    ]
    settings = SchedulerSettings(max_parallel=3, lost_after_ms=int(LOST_AFTER_S * 1000))
    cluster = Cluster(tmp_path, jobs, settings)
    for number in range(3):
        cluster.add(f"node-{number}", max_parallel=3)
    yield cluster
    cluster.close()


def live(cluster: Cluster, deed: Deed) -> None:
    """Serve, let something happen, come to rest, and look at the laws."""
    for node in cluster.nodes.values():
        node.machine.always = QUICK
        node.start()
    cluster.run(15.0)
    deed(cluster)
    for node in cluster.nodes.values():
        node.go_on()
        node.machine.always = QUICK
        if not node.serves:
            node.start()
    cluster.come_back()
    cluster.run(LOST_AFTER_S + 15.0)
    for name in cluster.jobs:
        cluster.person(v.JobDisabled(), name)
    cluster.run(10.0)
    cluster.check()


def leader(cluster: Cluster) -> SimulatedNode:
    """The node that leads."""
    found = cluster.state.leader
    assert found is not None
    return cluster.nodes[found.node]


# -- what happens ----------------------------------------------------------------------------------------------


def nothing(cluster: Cluster) -> None:
    """All goes on as it should."""
    cluster.run(10.0)


def leader_is_killed(cluster: Cluster) -> None:
    """The leader's process dies and comes back a while later."""
    cluster.run(3.0)  # something falls due before another one leads
    leader(cluster).kill()
    cluster.run(25.0)


def leader_is_stopped(cluster: Cluster) -> None:
    """The leader is stopped long enough for another one to lead, and wakes up."""
    leader(cluster).stop(12.0)
    cluster.run(30.0)


def node_is_cut_off(cluster: Cluster) -> None:
    """A node with a long run is cut off until it is given up."""
    for node in cluster.nodes.values():
        long_runs(node.machine)
    cluster.run(11.0)
    next(node for node in cluster.nodes.values() if node.machine.running).cut_off(True)
    cluster.run(LOST_AFTER_S + 20.0)


def process_is_restarted(cluster: Cluster) -> None:
    """A node's process dies while its runs go on, and comes back at once."""
    for node in cluster.nodes.values():
        long_runs(node.machine)
    cluster.run(11.0)
    for node in cluster.nodes.values():
        node.kill()
        node.start()
    cluster.run(5.0)


def database_is_away(cluster: Cluster) -> None:
    """Nobody reaches the database for longer than it takes to be given up."""
    for node in cluster.nodes.values():
        long_runs(node.machine)
    cluster.run(11.0)
    cluster.go_away()
    cluster.run(LOST_AFTER_S * 2)
    cluster.come_back()
    cluster.run(5.0)


def node_is_stopped_before_it_starts(cluster: Cluster) -> None:
    """A node is stopped when the database has just recorded that it starts something, until that is too late."""
    for node in cluster.nodes.values():
        assert node.database is not None
        node.database.after = partial(held, cluster, node)
    cluster.run(LOST_AFTER_S + 10.0)


def held(cluster: Cluster, node: SimulatedNode, call: str) -> None:
    """Stop a node once, when it has recorded a start."""
    last = cluster.server.commits[-1]
    if call == "append" and last.client.startswith(node.name) and b'"run.started"' in b"".join(last.lines):
        for each in cluster.nodes.values():
            if each.database is not None:
                each.database.after = lambda call: None
        node.stop(LOST_AFTER_S * 0.75)
        assert node.process is not None
        node.process.wait(0.0)


def answers_never_come(cluster: Cluster) -> None:
    """Some appends never reach the database."""
    for node in cluster.nodes.values():
        assert node.database is not None
        node.database.meet(Trouble.NEVER_ARRIVED, "append", times=2)
    cluster.run(30.0)


def long_runs(machine: Machine) -> None:
    """From now on every process takes long."""
    machine.always = (40.0, 0)


# -- what is planted -------------------------------------------------------------------------------------------


def starts_without_looking(patch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """Nobody asks before a start whether the node was heard of lately."""
    patch.setattr(Renewal, "may_start", lambda self, now_s, lost_after_s: True)
    patch.setattr(node_execution, "timedelta", lambda seconds: timedelta.max)


def leads_late(patch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """Who is to lead waits too long."""
    patch.setattr(leadership, "LEAD_PERIOD_S", 10.0)


def leads_on(patch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """A leader that was replaced goes on."""
    patch.setattr(leading, "is_leader", lambda state, node, term: True)
    real = is_leader
    patch.setattr(
        "scheduler.nodes.leadership.is_leader",
        lambda state, node, term: term is not None or real(state, node, term),
    )


def counts_every_silence(patch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """Time in which nobody reached the database counts as silence."""
    patch.setattr(liveness, "COUNTED_MAX_S", 1e9)
    patch.setattr(Liveness, "failed", lambda self: None)


def gives_up_early(patch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """A node is given up after a third of the time."""
    lost_after_ms = int(LOST_AFTER_S * 1000 / 3)
    cluster.shared.settings = msgspec.structs.replace(cluster.shared.settings, lost_after_ms=lost_after_ms)


def starts_what_others_are_to_start(patch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """Every node starts whatever is assigned to anyone."""
    real = assigned_starts

    def all_starts(state: State, node: str, *args: Any) -> list[Event]:
        return [event for name in state.nodes for event in real(state, name, *args)]

    patch.setattr(node_execution, "assigned_starts", all_starts)


def starts_twice(patch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """Each process is started two times."""
    real = MachineSpawner.launch

    def twice(self: MachineSpawner, launches: Sequence[Launch]) -> list[Launched | LaunchFailed]:
        real(self, launches)
        return real(self, launches)

    patch.setattr(MachineSpawner, "launch", twice)


def adopts_nothing(patch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """A process that comes back does not find its runs."""
    patch.setattr(MachineSpawner, "adopt", lambda self, wanted: {})


def forgets_what_fell_due(patch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """A new leader looks only at what falls due from now on."""
    patch.setattr(Decisions, "take_over", lambda self, reason, now: None)


def ignores_locks(patch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """Every lock can be held by many."""
    cluster.shared.settings = msgspec.structs.replace(cluster.shared.settings, locks={"disk": 99})


def elects_in_the_same_term(patch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """The number of a term is used again."""
    real = election

    def again(state: State, *args: Any, **named: Any) -> list[Event]:
        events = real(state, *args, **named)
        return [
            msgspec.structs.replace(event, data=msgspec.structs.replace(event.data, term=max(1, state.term)))
            for event in events
        ]

    patch.setattr(node_loop, "election", again)


def keeps_results_for_ever(patch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """What was recorded stays in the outbox."""
    patch.setattr(Outbox, "forget", lambda self, run, attempt: None)


def believes_too_much(patch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """An append without an answer counts as recorded."""
    real = SimulatedDatabase.append

    def believing(self: SimulatedDatabase, expected: Head, lines: Sequence[bytes], new: Head) -> bool:
        try:
            return real(self, expected, lines, new)
        except NoAnswer:
            return True

    patch.setattr(SimulatedDatabase, "append", believing)


def loses_nodes_without_their_runs(patch: pytest.MonkeyPatch, cluster: Cluster) -> None:
    """Who is given up keeps its runs on record."""
    real = losses

    def only_nodes(*args: Any) -> list[Event]:
        return [event for event in real(*args) if event.type == v.NodeLost.TYPE]

    patch.setattr(leading, "losses", only_nodes)


@pytest.mark.parametrize(
    "deed",
    [
        nothing,
        leader_is_killed,
        leader_is_stopped,
        node_is_cut_off,
        process_is_restarted,
        database_is_away,
        node_is_stopped_before_it_starts,
        answers_never_come,
    ],
)
def test_without_a_bug_the_laws_hold(deed: Deed, cluster: Cluster) -> None:
    """What happens in these lives breaks no law by itself."""
    live(cluster, deed)


@pytest.mark.parametrize(
    ("plant", "deed", "found"),
    [
        (starts_without_looking, node_is_stopped_before_it_starts, "after the node was last heard of"),
        (leads_late, leader_is_killed, "another one led only at"),
        (leads_on, leader_is_stopped, "leads"),
        (counts_every_silence, database_is_away, "after the database came back"),
        (gives_up_early, node_is_cut_off, "was heard"),
        (starts_what_others_are_to_start, nothing, "starts it|assigned to"),
        (starts_twice, nothing, "before"),
        (adopts_nothing, process_is_restarted, "its process runs on"),
        (forgets_what_fell_due, leader_is_killed, "not on record"),
        (ignores_locks, process_is_restarted, "disk is held by"),
        (elects_in_the_same_term, leader_is_killed, "term"),
        (keeps_results_for_ever, database_is_away, "results"),
        (believes_too_much, answers_never_come, "ended: Halted"),
        (loses_nodes_without_their_runs, node_is_cut_off, "its runs .* go on"),
    ],
)
def test_a_planted_bug_is_found(
    plant: Plant, deed: Deed, found: str, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It makes a law fail that says what is wrong."""
    plant(monkeypatch, cluster)
    with pytest.raises(AssertionError, match=found):
        live(cluster, deed)

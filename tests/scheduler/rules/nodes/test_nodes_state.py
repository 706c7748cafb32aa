"""What the state knows of nodes that share a ledger: who serves, who leads, and where each run is."""

from __future__ import annotations

import msgspec

from scheduler import vocabulary as v
from scheduler.rules.evolve import fold
from scheduler.rules.state import State
from tests.support.ledger import scheduler_started
from tests.support.node_ledger import USER, NodeLedger
from tests.support.world import World, job


def cluster(**facts: int) -> NodeLedger:
    """Two nodes, the first of which leads, and an hourly job."""
    return NodeLedger(
        job("hourly", overlap="queue", locks=("disk",)), nodes=facts or {"a": 2, "b": 2}, leader="a"
    )


def test_what_is_assigned_holds_its_locks_and_has_not_started() -> None:
    """The assignment is in the state until the attempt starts; then its node is."""
    ledger = cluster()
    run = ledger.tick("hourly")
    assert not run.begun
    said = ledger.assign(run, "b")
    assert (run.begun, run.started, run.attempt, run.locks) == (True, None, 0, {"disk": 1})
    assert run.assigned is not None
    assert (run.assigned.node, run.assigned.attempt, run.assigned.seq) == ("b", 1, said.seq)
    assert (run.place, run.node) == ("b", None)
    began = ledger.start(run)
    assert (run.begun, run.started, run.attempt, run.locks) == (True, began.time, 1, {"disk": 1})
    assert (ledger.state.runs[run.number].assigned, run.place, run.node) == (None, "b", "b")
    ledger.finish(run)
    assert ledger.state.runs == {}


def test_a_node_that_goes_gives_back_what_it_had_not_started() -> None:
    """It left, was lost or drained, or joins anew: those runs wait again, without their locks; what runs stays."""
    for gone in ("left", "lost", "drained", "joined"):
        ledger = NodeLedger(
            job("one", locks=("x",)),
            job("two", locks=("y",)),
            job("elsewhere"),
            nodes={"a": 4, "b": 4},
            leader="a",
        )
        begun, waiting, other = (ledger.tick(name) for name in ("one", "two", "elsewhere"))
        ledger.start(begun, "b")
        ledger.assign(waiting, "b")
        ledger.assign(other, "a")
        match gone:
            case "left":
                ledger.say(v.NodeLeft(node="b", reason="SIGTERM", runs_left=1))
            case "lost":
                ledger.lose("b")
            case "drained":
                ledger.say(v.NodeDrained(node="b", reason="a new disk"), USER)
            case _:
                ledger.join("b", 1)
        assert (waiting.assigned, waiting.locks, waiting.begun) == (None, {}, False)
        assert other.place == "a"
        assert (begun.number in ledger.state.runs) is (gone != "lost")
        node = ledger.state.nodes["b"]
        assert node.standing == {"joined": "serving"}.get(gone, gone)
        assert node.takes_new is (gone == "joined")


def test_an_edit_of_the_job_gives_back_what_had_not_started() -> None:
    """It may run elsewhere now, or need other locks."""
    ledger = cluster()
    run = ledger.tick("hourly")
    ledger.assign(run, "b")
    ledger.define(job("hourly", locks=("tape",)))
    assert (run.assigned, run.locks) == (None, {})


def test_a_drained_node_stays_so_when_it_restarts_until_a_person_says_otherwise() -> None:
    """Who drained it, and why, is known meanwhile."""
    ledger = cluster()
    said = ledger.say(v.NodeDrained(node="b", reason="a new disk"), USER)
    ledger.join("b", incarnation="b-2")
    node = ledger.state.nodes["b"]
    assert (node.drained_seq, node.drained, node.drained_by) == (said.seq, said.time, USER)
    assert (node.drained_reason, node.takes_new, node.serves) == ("a new disk", False, True)
    ledger.say(v.NodeResumed(node="b"), USER)
    assert (ledger.state.nodes["b"].drained_by, ledger.state.nodes["b"].takes_new) == (None, True)


def test_a_change_of_what_a_node_can_do_is_no_restart() -> None:
    """Since when its process serves stays what it was, and it still leads; with another process it does not."""
    ledger = cluster()
    joined = ledger.state.nodes["a"].joined_seq
    ledger.pass_(minutes=1)
    changed = ledger.join("a", 5, labels=["db"], unfit={"hourly": "it has no disk"})
    node = ledger.state.nodes["a"]
    assert (node.joined_seq, node.described_seq) == (joined, changed.seq)
    assert (node.max_parallel, node.labels, node.unfit) == (5, ["db"], {"hourly": "it has no disk"})
    assert ledger.state.leader is not None
    restarted = ledger.join("a", incarnation="a-2")
    assert ledger.state.nodes["a"].joined_seq == restarted.seq
    assert ledger.state.leader is None


def test_who_leads_and_what_became_of_the_leader_before() -> None:
    """Each election is the next term, and names the former leader; the state reads as if a scheduler had started."""
    ledger = NodeLedger(nodes={"a": 1, "b": 1})
    told = []

    def elect(name: str) -> None:
        data = v.payload(ledger.elect(name))
        told.append((data.node, data.term, data.former, data.reason))
        assert ledger.state.scheduler is not None
        assert (ledger.state.scheduler.host, ledger.state.scheduler.stopped) == (f"{name}.example", None)

    elect("a")
    elect("b")
    ledger.say(v.NodeLeft(node="b", reason="SIGTERM"))
    assert ledger.state.leader is None
    assert ledger.state.scheduler is not None
    assert ledger.state.scheduler.stop_reason == "SIGTERM"
    elect("a")
    ledger.join("a", incarnation="a-2")
    elect("a")
    assert told == [
        ("a", 1, None, "first"),
        ("b", 2, "a", "silent"),
        ("a", 3, "b", "left"),
        ("a", 4, "a", "restarted"),
    ]
    assert (ledger.state.term, ledger.state.nodes["a"].term, ledger.state.nodes["b"].term) == (4, 4, 2)


def test_what_is_lost_with_a_node_is_known_until_it_tells() -> None:
    """So a node that was only cut off finds what it may report; a run.reported changes no outcome."""
    ledger = cluster()
    run = ledger.tick("hourly")
    ledger.start(run, "b")
    ledger.lose("b")
    (lost,) = ledger.state.nodes["b"].lost_attempts
    assert (lost.run, lost.attempt, lost.job) == (run.number, 1, "hourly")
    ledger.join("b")
    assert ledger.state.nodes["b"].lost_attempts == [lost]
    report = v.RunReported(
        node="b", trigger="schedule", started=run.started or ledger.now, outcome="succeeded", attempt=1
    )
    ledger.say(report, job="hourly", run=run.number)
    assert ledger.state.nodes["b"].lost_attempts == []
    last = ledger.state.jobs["hourly"].last
    assert last is not None
    assert last.outcome == "lost"


def test_the_boot_of_each_machine_is_one() -> None:
    """A job that runs once for each boot owes one for each machine whose boot is seen first as its node joins.

    Never for a boot during which it was defined, of whichever machine.
    """
    ledger = NodeLedger(job("boot", "@reboot"))
    hour_ms = 3_600_000
    ledger.pass_(minutes=10)
    for name, up_ms in (("a", hour_ms), ("b", hour_ms), ("c", 60_000)):
        ledger.join(name, boottime_ms=up_ms)
    assert ledger.state.at_reboot["boot"] == [ledger.now]
    ledger.join("c", incarnation="c-2", boottime_ms=120_000)
    assert len(ledger.state.at_reboot["boot"]) == 1
    ledger.pass_(minutes=10)
    ledger.join("a", incarnation="a-2", boot_id="another", boottime_ms=60_000)
    assert len(ledger.state.at_reboot["boot"]) == 2


def test_a_ledger_that_was_moved_back_to_one_machine_has_no_nodes() -> None:
    """A scheduler serves alone: what was assigned waits for it; the terms go on where the ledger moves again."""
    ledger = cluster()
    run = ledger.tick("hourly")
    ledger.assign(run, "b")
    ledger.say(scheduler_started())
    assert (ledger.state.nodes, ledger.state.leader, ledger.state.term) == ({}, None, 1)
    assert (run.assigned, run.locks) == (None, {})
    ledger.join("a")
    assert v.payload(ledger.elect("a")).term == 2


def test_a_state_with_nodes_survives_a_snapshot() -> None:
    """What was stored at any entry and folded on is the state of the whole ledger."""
    ledger = cluster()
    for node in ("a", "b"):
        ledger.start(ledger.tick("hourly"), node)
        ledger.finish(next(iter(ledger.state.runs.values())))
    ledger.assign(ledger.tick("hourly"), "b")
    whole = msgspec.json.encode(ledger.state)
    for cut in range(len(ledger.entries)):
        stored = msgspec.msgpack.encode(fold(State(), ledger.entries[:cut]))
        state = msgspec.msgpack.decode(stored, type=State)
        assert msgspec.json.encode(fold(state, ledger.entries[cut:])) == whole


def test_a_state_of_one_machine_holds_nothing_of_nodes() -> None:
    """Its snapshots are as small as they were."""
    world = World(job("hourly"))
    world.start()
    world.run(3_600)
    encoded = msgspec.json.encode(world.state)
    for member in (b"nodes", b"leader", b"term", b"assigned", b'"node"'):
        assert member not in encoded

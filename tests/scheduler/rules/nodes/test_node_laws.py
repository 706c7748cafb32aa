"""The laws of a ledger that several nodes share: each is seen broken."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import Retry
from scheduler.rules.catch_up import ticked
from scheduler.rules.runs.attempts import closed
from tests.support.node_ledger import USER, NodeLedger
from tests.support.world import World, job


def cluster(**members: Any) -> NodeLedger:
    """Two nodes, the first of which leads, and two hourly jobs."""
    return NodeLedger(job("one", **members), job("two"), nodes={"a": 1, "b": 1}, leader="a")


def lone(data: v.Payload, actor: str = v.SCHEDULER) -> Callable[[NodeLedger], Event]:
    """An entry about no job."""
    return lambda ledger: v.event(data, actor)


def _assigned_twice(ledger: NodeLedger) -> Event:
    run = ledger.tick("one")
    ledger.assign(run, "b")
    return ledger.assignment(run, "a", instead_of=None)


def _to_the_same(ledger: NodeLedger) -> Event:
    run = ledger.tick("one")
    ledger.assign(run, "b")
    return ledger.assignment(run, "b")


def _no_slot(ledger: NodeLedger) -> Event:
    ledger.assign(ledger.tick("one"), "b")
    return ledger.assignment(ledger.tick("two"), "b")


def _to_drained(ledger: NodeLedger) -> Event:
    ledger.say(v.NodeDrained(node="b"), USER)
    return ledger.assignment(ledger.tick("one"), "b")


def _to_unfit(ledger: NodeLedger) -> Event:
    ledger.join("b", unfit={"one": "it has no such program"})
    return ledger.assignment(ledger.tick("one"), "b")


def _to_unfit_for_all(ledger: NodeLedger) -> Event:
    ledger.join("b", unfit={"*": "its salt is another one"})
    return ledger.assignment(ledger.tick("two"), "b")


def _to_unlabelled(ledger: NodeLedger) -> Event:
    ledger.define(job("one", runs_on="db"))
    return ledger.assignment(ledger.tick("one"), "b")


def _lock_held(ledger: NodeLedger) -> Event:
    ledger.define(job("one", locks=("disk",)), job("two", locks=("disk",)))
    ledger.assign(ledger.tick("one"), "b")
    return ledger.assignment(ledger.tick("two"), "a")


def _unassigned(ledger: NodeLedger) -> Event:
    return ledger.beginning(ledger.tick("one"), "b")


def _elsewhere(ledger: NodeLedger) -> Event:
    run = ledger.tick("one")
    ledger.assign(run, "b")
    return ledger.beginning(run, "a")


def _other_locks(ledger: NodeLedger) -> Event:
    run = ledger.tick("one")
    ledger.assign(run, "b")
    return ledger.beginning(run, "b", locks={"disk": 1})


def _finished_elsewhere(ledger: NodeLedger) -> Event:
    run = ledger.tick("one")
    ledger.start(run, "b")
    return ledger.ending(run, node="a")


def _no_leader(ledger: NodeLedger) -> Event:
    ledger.say(v.NodeLeft(node="a", reason="SIGTERM"))
    return ticked(ledger.state.jobs["one"].definition, ledger.now.replace(year=2030), ledger.now)


def _closed_by_nobody(ledger: NodeLedger) -> Event:
    ledger.define(job("one", retry=Retry(attempts=2)))
    run = ledger.tick("one")
    ledger.start(run, "b")
    ledger.finish(run, outcome="failed", retry_at=ledger.now)
    ledger.say(v.NodeLeft(node="a", reason="SIGTERM"))
    return closed(run, "cancelled", None)


def _reported_unlost(ledger: NodeLedger) -> Event:
    run = ledger.tick("one")
    ledger.start(run, "b")
    told = v.RunReported(node="b", trigger="schedule", started=ledger.now, outcome="failed", attempt=1)
    return v.event(told, v.SCHEDULER, job="one", run=run.number)


ELECTED: dict[str, Any] = {
    "node": "b",
    "term": 2,
    "host": "b",
    "boot_id": "b",
    "pid": 7,
    "reason": "silent",
    "former": "a",
}
JOINED: dict[str, Any] = {
    "node": "b", "host": "b", "boot_id": "b", "pid": 7, "max_parallel": -1, "incarnation": "1",
}  # fmt: skip
LOST = v.NodeLost(node="a", silent_since=NodeLedger().now, silent_ms=60_000)
CASES: list[tuple[Callable[[NodeLedger], Event], str]] = [
    (_assigned_twice, "assigned to b before"),
    (_to_the_same, "assigned to b before"),
    (_no_slot, "b takes 1 at once, and had 1"),
    (_to_drained, "no node b took anything new"),
    (_to_unfit, "b cannot run one, by entry"),
    (_to_unfit_for_all, "b cannot run two, by entry"),
    (_to_unlabelled, "b is not db, on which one runs"),
    (_lock_held, "the lock disk is for one run"),
    (_unassigned, "was assigned to no node"),
    (_elsewhere, "was assigned to b, by entry"),
    (_other_locks, "not with the locks and successes"),
    (_finished_elsewhere, "was made on b, not on a"),
    (_no_leader, "no node led then"),
    (_closed_by_nobody, "no node led then"),
    (_reported_unlost, "was not lost on b"),
    (lambda ledger: v.event(v.NodeJoined(**JOINED), v.SCHEDULER), "takes fewer runs than none"),
    (lone(LOST), "a led then, and only the leader says who is lost"),
    (lone(v.NodeLost(node="c", silent_since=LOST.silent_since, silent_ms=1)), "no node c served then"),
    (lone(v.NodeLeft(node="c", reason="SIGTERM")), "no node c served then"),
    (lone(v.NodeDrained(node="c"), USER), "no node c had joined"),
    (lone(v.NodeResumed(node="b"), USER), "no node b was drained"),
    (lone(v.LeaderElected(**ELECTED | {"term": 3})), "the next one is not 3"),
    (lone(v.LeaderElected(**ELECTED | {"node": "c"})), "no node c served then"),
    (lone(v.LeaderElected(**ELECTED | {"reason": "left"})), "the leader before was a: silent"),
    (lone(v.LeaderElected(**ELECTED | {"former": None})), "the leader before was a: silent"),
]


@pytest.mark.parametrize(("said", "why"), CASES, ids=range(len(CASES)))
def test_an_illegal_entry_is_found(said: Callable[[NodeLedger], Event], why: str) -> None:
    """The last of what is said breaks a law; what is said before it does not."""
    ledger = cluster()
    event = said(ledger)
    assert why in ledger.refused(event)


def test_on_one_machine_nobody_leads_and_no_run_is_on_a_node() -> None:
    """What a scheduler records there needs no leader; a start that names a node is illegal."""
    world = World(job("hourly"))
    world.start()
    world.run(3_700)
    assert world.entries(v.RunStarted)
    ledger = NodeLedger(job("one"))
    run = ledger.tick("one")
    assert "no node b had joined" in ledger.refused(ledger.beginning(run, "b"))


def test_a_run_that_waits_is_assigned_to_another_node_only_in_place_of_the_first() -> None:
    """The entry says who had it."""
    ledger = cluster()
    run = ledger.tick("one")
    ledger.assign(run, "b")
    ledger.assign(run, "a", instead_of="b")
    assert run.assigned is not None
    assert (run.assigned.node, run.assigned.instead_of) == ("a", "b")
    assert "was assigned to a, by entry" in ledger.refused(ledger.beginning(run, "b"))
    ledger.start(run)

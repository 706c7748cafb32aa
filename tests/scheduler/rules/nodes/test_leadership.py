"""Who leads, and who may: the ledger says it, and nothing that a process remembers."""

from __future__ import annotations

from typing import Any

from scheduler import vocabulary as v
from scheduler.rules.nodes.leadership import election, is_leader
from tests.support.node_ledger import NodeLedger

ME: dict[str, Any] = {"host": "a.example", "boot_id": "boot", "pid": 9, "versions": {"cronledger": "1"}}


def test_a_node_leads_only_in_the_term_that_its_process_won() -> None:
    """Not before, not with an older term, and not once another leads or nobody does."""
    ledger = NodeLedger(nodes={"a": 1, "b": 1})
    assert not is_leader(ledger.state, "a", None)
    assert not is_leader(ledger.state, "a", 1)
    ledger.elect("a")
    assert is_leader(ledger.state, "a", 1)
    assert not is_leader(ledger.state, "a", None)
    assert not is_leader(ledger.state, "a", 2)
    assert not is_leader(ledger.state, "b", 1)
    ledger.elect("b")
    assert not is_leader(ledger.state, "a", 1)
    assert is_leader(ledger.state, "b", 2)
    ledger.say(v.NodeLeft(node="b", reason="SIGTERM"))
    assert not is_leader(ledger.state, "b", 2)


def test_only_a_node_that_serves_is_elected() -> None:
    """One that is drained is: it takes no runs, and may decide where they go."""
    ledger = NodeLedger(nodes={"a": 1, "b": 1}, leader="a")
    assert election(ledger.state, "nobody", **ME) == []
    ledger.lose("b")
    assert election(ledger.state, "b", **ME) == []
    ledger.join("b")
    ledger.say(v.NodeDrained(node="b"), "user:ann@web1")
    ledger.append(*election(ledger.state, "b", **ME))
    assert ledger.state.leader is not None
    assert ledger.state.leader.node == "b"


def test_since_when_the_leader_was_silent_is_told_only_of_one_that_was() -> None:
    """And of which process leads now."""
    ledger = NodeLedger(nodes={"a": 1, "b": 1})
    (first,) = election(ledger.state, "a", silent_since=ledger.now, **ME)
    assert first.data == v.LeaderElected(node="a", term=1, reason="first", **ME)
    ledger.append(first)
    (after,) = election(ledger.state, "b", silent_since=ledger.now, **ME)
    assert after.data == v.LeaderElected(
        node="b", term=2, reason="silent", former="a", silent_since=ledger.now, **ME
    )

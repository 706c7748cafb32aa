from __future__ import annotations

import pytest

from scheduler.nodes.leadership import LEAD_PERIOD_S, Step, next_step
from scheduler.nodes.liveness import SILENT_S
from scheduler.vocabulary import NodeLeft
from tests.support.node_ledger import NodeLedger


@pytest.mark.parametrize(
    ("node", "term", "silence_s", "step"),
    [
        ("a", 1, 0.0, Step.LEAD),
        ("a", 1, 100.0, Step.LEAD),
        ("a", None, 0.0, Step.ELECT),
        ("b", None, 0.0, Step.FOLLOW),
        ("b", None, SILENT_S, Step.FOLLOW),
        ("b", None, SILENT_S + LEAD_PERIOD_S, Step.ELECT),
    ],
)
def test_who_leads_leads_on_and_others_wait_until_it_has_been_silent_for_long_enough(
    node: str, term: int | None, silence_s: float, step: Step
) -> None:
    """The process that won the term leads on; another one of its node need not wait for it; others wait a period."""
    ledger = NodeLedger(nodes={"a": 1, "b": 1}, leader="a")
    assert next_step(ledger.state, node, term, lambda name: silence_s) is step


def test_a_leader_that_finds_another_one_follows() -> None:
    """Whatever term it won: the ledger names another one."""
    ledger = NodeLedger(nodes={"a": 1, "b": 1}, leader="a")
    ledger.elect("b")
    assert next_step(ledger.state, "a", 1, lambda name: 0.0) is Step.FOLLOW
    assert next_step(ledger.state, "b", 2, lambda name: 0.0) is Step.LEAD


def test_nobody_is_waited_for_where_nobody_leads() -> None:
    """On a new ledger, and after a leader left in order, the first one that asks is elected."""
    ledger = NodeLedger(nodes={"a": 1, "b": 1})
    assert next_step(ledger.state, "b", None, lambda name: 0.0) is Step.ELECT
    ledger.elect("a")
    ledger.say(NodeLeft(node="a", reason="SIGTERM"))
    assert next_step(ledger.state, "b", None, lambda name: 0.0) is Step.ELECT

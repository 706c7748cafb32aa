"""Who applies a config that a second person has to approve is the one who asks for it."""

from __future__ import annotations

from pathlib import Path

from scheduler.rules.approvals.decisions import approving
from scheduler.rules.approvals.persons import refusal
from tests.support.applied import ANN, Cluster
from tests.support.approvals import BOB

CONFIG = "jobs: {pay: {command: /opt/pay, every: 1d, approval: required}}\n"


def test_whoever_applies_it_cannot_approve_it(tmp_path: Path) -> None:
    """It waits for another person, who can; applied again meanwhile, nothing more is recorded."""
    cluster = Cluster(tmp_path)
    home = cluster.home("a", CONFIG)
    cluster.apply(home)
    change = cluster.ledger.state.changes["pay"]
    assert cluster.ledger.state.present_jobs() == []
    assert refusal(change, ANN.party) is not None
    assert refusal(change, BOB) is None
    assert cluster.apply(home) == []
    cluster.ledger.decide(lambda state: approving(state, "pay", "user:bob@db1", BOB.person, "", None))
    assert [job.name for job in cluster.ledger.state.present_jobs()] == ["pay"]
    assert cluster.apply(home) == []
    cluster.check()

"""Whatever happens, no definition that a second person had to approve starts a run before."""

from __future__ import annotations

from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.approval_lives import ApprovalLife
from tests.support.audit import audit


def test_no_unapproved_definition_ever_starts_a_run(seeds: range) -> None:
    """Edits, removals, rejections, crashes, people who may not: what runs is what a model of its own allows."""
    launches = approvals = 0
    for seed in seeds:
        life = ApprovalLife(seed, crashes=0.01)
        world = life.live(60)
        audit(world.entries(), world.clock.wall)
        assert not list(illegal_entries(world.entries()))
        launches, approvals = launches + life.launches, approvals + life.approvals
    assert launches > 20 * len(seeds)
    assert approvals > 3 * len(seeds)

from __future__ import annotations

import pytest

from scheduler.rules.laws.ledger_laws import illegal_entries
from tests.support.after_audit import audit_after
from tests.support.audit import audit
from tests.support.rough_lives import CAPACITIES, RoughLife, live_roughly
from tests.support.run_audit import audit_runs


def check(life: RoughLife, slots: int | None) -> None:
    """What must be true of a life that has come to rest."""
    entries = life.entries()
    assert not life.worlds[0].state.runs, "a run has not ended"
    assert list(illegal_entries(entries)) == []
    audit(entries, life.machine.clock.wall)
    audit_runs(entries, slots, life.stopped, capacities=CAPACITIES)
    audit_after(entries)


@pytest.mark.parametrize("part", range(4))
def test_nothing_is_lost_or_doubled_though_nothing_can_be_relied_on(seeds: range, part: int) -> None:
    """Faults at any append, rival writers, wrong clocks, hung processes: each instant once, each run for a reason."""
    for seed in seeds[part::4]:
        life = live_roughly(seed)
        check(life, None if life.processes_may_be_refused else 3)


def test_two_schedulers_of_one_home_double_nothing(seeds: range) -> None:
    """Should ever two take the home for theirs: what one has recorded binds the other."""
    for seed in seeds:  # each looks every second at the runs of the other: a life is short
        check(live_roughly(1_000 + seed, schedulers=2, hours=2), None)

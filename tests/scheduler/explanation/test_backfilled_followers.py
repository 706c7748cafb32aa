"""What `why` says of an instant of a job that runs after one that was backfilled long after that instant."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.definition import After
from scheduler.explanation import Explainer, upstreams
from scheduler.ledger.past import Past
from scheduler.rules.requests.backfill import Wanted, backfilling
from tests.support.world import BEGIN, World, job


def test_a_run_that_followed_a_backfill_is_found_however_late_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the instant and the backfill more was recorded than is looked through."""
    monkeypatch.setattr(upstreams, "NEAR_ENTRIES", 40)
    world = World(job("a", catch_up="none"), job("b", after=After(jobs=["a"])), job("busy", "* * * * *"))
    world.start()
    world.run(60)
    world.crash()
    world.clock.pass_(3 * 3_600)
    world.start()
    world.run(3_600)
    (misfire,) = [each for each in world.entries(v.ScheduleMisfired) if each.job == "a"]
    first = BEGIN + timedelta(hours=1)
    world.say(
        lambda state: [
            backfilling(
                state, state.jobs["a"], [Wanted(first, misfire.seq)], "user:ann@sim", with_dependents=True
            )
        ]
    )
    world.run(60)
    assert "after 01 01:00" in world.told("b")
    past = Past(world.machine.store.peer(), tmp_path, 65_536)
    explainer = Explainer(past, "b", world.clock.wall, serving=True)
    assert explainer.explain(first).verdict == "ran"

"""The view `runs` has what ran after others."""

from __future__ import annotations

from pathlib import Path

from scheduler.definition import After
from tests.support.command import call
from tests.support.simulated_home import home_of
from tests.support.world import Process, World, job


def test_what_was_skipped_for_a_job_before_it_is_no_backfill(tmp_path: Path) -> None:
    """Its tick names the entry by which that job did not succeed, and a backfill's names the request."""
    world = World(job("a"), job("b", after=After(jobs=["a"])))
    world.machine.behaviour = lambda launch: Process(1.0, 1)
    world.start()
    world.run(3_700)
    home = home_of(world, tmp_path)
    query = "select trigger, skipped_reason, backfill, replaces from runs where job = 'b'"
    assert call("sql", query, "--json", home=home.root).document == [
        {"trigger": "after", "skipped_reason": "upstream", "backfill": None, "replaces": None}
    ]

from __future__ import annotations

import pytest

from scheduler import vocabulary as v
from tests.support.audit import audit
from tests.support.lives import disturb_by_weeks, live_through


@pytest.mark.long
def test_a_year_of_many_jobs_with_crashes_settles_every_instant_exactly_once(hunt: bool) -> None:
    """Over a year, whatever crashes, every instant of every job is on record exactly once, and no run is doubled."""
    jobs = 200 if hunt else 5
    world = live_through(seed=1, jobs=jobs, days=365, crashes=0.16 / jobs)
    assert len(world.entries(v.SchedulerStarted)) > 100
    assert audit(world.entries(), world.clock.wall) > 200 * jobs


def test_months_of_a_few_jobs_settle_every_instant_exactly_once(seeds: range) -> None:
    """Shorter and wilder lives, each from its own seed; hundreds of them in a hunt."""
    for seed in seeds:
        world = live_through(seed=100 + seed, jobs=12, days=60)
        audit(world.entries(), world.clock.wall)


def test_clocks_set_by_weeks_and_repeated_disables_settle_every_instant_exactly_once(seeds: range) -> None:
    """The fold and the auditor agree whichever way the clock is set and however often the same thing is said."""
    for seed in seeds:
        world = live_through(seed=1_082 + seed, jobs=4, days=90, disturbed=disturb_by_weeks)
        audit(world.entries(), world.clock.wall)


def test_the_same_seed_lives_the_same_life() -> None:
    """A simulation is reproducible: the same seed yields the same bytes."""
    lives = [live_through(seed=9, jobs=5, days=20).machine.store.lines() for _ in range(2)]
    assert lives[0][1:] == lives[1][1:]

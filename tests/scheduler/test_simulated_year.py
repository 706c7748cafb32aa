from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.processes.spawner import Launch
from tests.scheduler.audit import audit
from tests.scheduler.simulation import Crash, Machine, Process, World, job, random_jobs


def behave(rng: random.Random, machine: Machine) -> None:
    """Most programs are quick, some are slow, some fail, some cannot be started."""

    def behaviour(launch: Launch) -> Process | None:
        kind = rng.random()
        if kind < 0.02:
            return None
        ends_s = rng.choice([0.0, 1.0, 30.0]) if kind < 0.97 else 7_200.0
        return Process(ends_s, 0 if kind < 0.9 else 1)

    machine.behaviour = behaviour


def crash_at_random(rng: random.Random, machine: Machine, probability: float) -> None:
    """The scheduler may die right before an append, in the midst of it, or right after it, without being told."""

    def before(events: Sequence[Event]) -> None:
        if rng.random() < probability:
            raise Crash

    def after(events: Sequence[Event]) -> None:
        if rng.random() < probability:
            machine.tear(len(events), rng.randint(0, len(events)))
            raise Crash

    machine.store.before_commit, machine.store.after_commit = before, after


def meddle(rng: random.Random, world: World) -> None:
    """People and edits: disable, enable, pause, reschedule, remove, bring back."""
    name = rng.choice(list(world.jobs))
    kind = rng.randrange(6)
    if kind == 0:
        world.person(v.JobDisabled(reason="simulated"), name)
    elif kind == 1:
        world.person(v.JobEnabled(), name)
    elif kind == 2:
        world.person(v.JobDisabled(until=world.clock.wall + timedelta(hours=rng.randrange(1, 60))), name)
    elif kind == 3:
        world.edit(job(name, f"{rng.randrange(60)} {rng.randrange(24)} * * *", timezone="Europe/Paris"))
    elif kind == 4:
        definition = world.jobs[name]
        world.edit(remove=[name])
        world.run(rng.choice([0.0, 5_000.0]))
        world.edit(definition)
    else:
        world.person(v.RunRequested(executor="scheduler"), name, run=-1)


def disturb(rng: random.Random, world: World) -> None:
    """Now and then: a suspend, a clock that is set, a person."""
    kind = rng.random()
    if kind < 0.05:
        world.clock.sleep(rng.expovariate(1 / 20_000))
    elif kind < 0.08:
        world.clock.step(rng.choice([-3_600.0, -5.0, 5.0, 7_200.0]))
    elif kind < 0.4:
        meddle(rng, world)


def disturb_by_weeks(rng: random.Random, world: World) -> None:
    """The same, with clocks that are set by weeks and people who disable what is disabled."""
    kind = rng.random()
    if kind < 0.07:
        world.clock.step(86_400.0 * rng.choice([-40, -7, 7, 40]))
    elif kind < 0.3:
        world.person(v.JobDisabled(reason="again"), rng.choice(list(world.jobs)))
    else:
        disturb(rng, world)


def live_through(
    seed: int, jobs: int, days: int, disturbed: Callable[[random.Random, World], None] = disturb
) -> World:
    """A world with random jobs, crashes, reboots, suspends, clock steps and meddling, from a seed.

    It lasts so many days of the clock that nobody can set.
    """
    rng = random.Random(seed)
    world = World(*random_jobs(rng, jobs).values())
    behave(rng, world.machine)
    crash_at_random(rng, world.machine, 0.0008)
    end_s = world.clock.monotonic_s + 86_400 * days
    while world.clock.monotonic_s < end_s:
        try:
            if world.scheduler is None:
                world.start()
            disturbed(rng, world)
            world.run(rng.expovariate(1 / 86_400))
        except Crash:
            world.crash()
            world.clock.pass_(rng.choice([1.0, 60.0, 3_600.0, rng.expovariate(1 / 100_000)]))
            if rng.random() < 0.3:
                world.machine.reboot()
    world.machine.store.before_commit = world.machine.store.after_commit = None
    world.restart()
    world.run(7_300)
    return world


def test_a_year_of_200_jobs_with_crashes_settles_every_instant_exactly_once() -> None:
    """Over a year, whatever crashes, every instant of every job is on record exactly once, and no run is doubled."""
    world = live_through(seed=1, jobs=200, days=365)
    assert len(world.entries(v.SchedulerStarted)) > 100
    assert audit(world.entries(), world.clock.wall) > 60_000


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

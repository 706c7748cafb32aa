"""Lives of jobs of which something is expected: late runs, edits, pauses, outages, each from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from scheduler import vocabulary as v
from scheduler.definition import After, Expect, JobDefinition
from tests.support.lives import crash_at_random
from tests.support.world import RETRIES, Crash, Process, World, job

_MINUTE_MS = 60_000


def expected(rng: random.Random) -> Expect | None:
    """What somebody expects of a job: nothing, or some of it, often too much."""
    start, finish, success = (rng.choice([None, None, 1, 7, 45, 200, 600]) for _ in range(3))
    limits = [None if each is None else each * _MINUTE_MS for each in (start, finish, success)]
    if not any(limits):
        return None
    return Expect(start_within_ms=limits[0], finish_within_ms=limits[1], success_every_ms=limits[2])


def random_job(rng: random.Random, name: str) -> JobDefinition:
    """A job with times, or one after another, of which something is expected."""
    members: dict[str, Any] = {
        "expect": expected(rng),
        "overlap": rng.choice(["skip", "queue", "replace", "allow"]),
        "catch_up": rng.choice(["none", "one", "all"]),
        "retry": rng.choice(RETRIES),
        "enabled": rng.random() < 0.9,
    }
    if name == "after":
        return job(name, after=After(jobs=["busy"]), **members)
    if name == "asked":
        return job(name, on_demand=True, **members)
    return job(name, rng.choice(["*/10 * * * *", "0 * * * *", "20 */3 * * *"]), **members)


NAMES = ("busy", "calm", "after", "asked")


def meddle(rng: random.Random, world: World) -> None:
    """People and edits, whether a scheduler is there or not."""
    name = rng.choice(NAMES)
    if name not in world.jobs:
        world.edit(random_job(rng, name))
        return
    seconds = rng.expovariate(1 / 9_000)
    deeds: list[Callable[[], object]] = [
        lambda: world.person(v.JobDisabled(), name),
        lambda: world.person(v.JobEnabled(catch_up=rng.random() < 0.5), name),
        lambda: world.person(v.JobDisabled(until=world.clock.wall + timedelta(seconds=seconds)), name),
        lambda: world.edit(random_job(rng, name)),
        lambda: world.edit(random_job(rng, name)),
        lambda: world.person(v.RunRequested(executor="scheduler"), name, run=-1),
        lambda: world.backfill(name, timedelta(hours=9), most=3),
    ]
    if name != "busy":  # another job runs after it
        deeds.append(lambda: world.edit(remove=[name]))
    if world.state.jobs.get(name) is not None:
        rng.choice(deeds)()


def live_expected(seed: int, days: float, crashes: float = 0.01) -> World:
    """A world with few slots, slow runs, crashes and outages. In the end a scheduler has told all that it can."""
    rng = random.Random(seed)
    world = World(*(random_job(rng, name) for name in NAMES), max_parallel=2)
    world.machine.behaviour = lambda launch: Process(
        rng.choice([0.0, 30.0, 900.0, 5_000.0]), rng.randrange(2)
    )
    crash_at_random(rng, world.machine, crashes)
    end_s = world.clock.monotonic_s + 86_400 * days
    while world.clock.monotonic_s < end_s:
        try:
            if world.scheduler is None and rng.random() < 0.7:
                world.start()
            if rng.random() < 0.7:
                meddle(rng, world)
            if rng.random() < 0.1:
                world.clock.sleep(rng.expovariate(1 / 9_000))
            world.run(rng.expovariate(1 / 9_000))
        except Crash:
            world.crash()
            world.clock.pass_(rng.choice([1.0, 60.0, rng.expovariate(1 / 20_000)]))
            if rng.random() < 0.3:
                world.machine.reboot()
    world.machine.store.before_commit = world.machine.store.after_commit = None
    world.restart()
    world.run(10)
    return world

"""Lives of a simulated world in which jobs run after others: chains, diamonds, and one that waits for a success."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec

from scheduler import vocabulary as v
from scheduler.definition import After, JobDefinition
from scheduler.processes.spawner import Launch
from tests.support.lives import cancel_one, crash_at_random
from tests.support.world import RETRIES, Crash, Process, World, job

HOUR_MS = 3_600_000
SLOTS = 3
SHARED = {"disk": 2}
"""How many runs may hold a lock at once, where it is not one."""


def dependent_jobs(rng: random.Random) -> list[JobDefinition]:
    """Two jobs with a schedule, and eight that run after them or after each other; some share locks."""
    overlaps = ["skip", "queue", "allow", "replace"]

    def locks() -> dict[str, Any]:
        return {"locks": rng.choice([[], ["db"], ["db", "disk"], ["disk"]])}

    def after(*names: str, within_ms: int | None = None) -> dict[str, Any]:
        return {"after": After(jobs=list(names), within_ms=within_ms), "overlap": rng.choice(overlaps)}

    return [
        job("a", "*/20 * * * *", catch_up=rng.choice(["one", "all", "none"]), overlap=rng.choice(overlaps)),
        job("b", "0,20 * * * *", jitter_ms=600_000, retry=rng.choice(RETRIES), catch_up="all", **locks()),
        job("now", on_demand=True),
        job("shortcut", **after("a", "after-a")),
        job("after-a", **after("a"), retry=rng.choice(RETRIES), **locks()),
        job("after-after-a", **after("after-a"), **locks()),
        job("both", **after("a", "b")),
        job("diamond", **after("after-a", "both")),
        job("after-now", **after("now")),
        *(
            job(
                name,
                f"{7 * number} * * * *",
                **after("after-a", "b", within_ms=rng.choice([600_000, 2 * HOUR_MS])),
                **locks(),
                start_deadline_ms=rng.choice([None, HOUR_MS]),
            )
            for number, name in enumerate(["lately", "lately-too"], 1)
        ),
    ]


class DependentLife:
    """One life, from a seed."""

    def __init__(self, seed: int, *, crashes: float) -> None:
        self.rng = random.Random(seed)
        self.world = World(*dependent_jobs(self.rng), max_parallel=SLOTS, locks=SHARED)
        self.world.machine.behaviour = self._behave
        crash_at_random(self.rng, self.world.machine, crashes)

    def _behave(self, launch: Launch) -> Process:
        del launch
        return Process(self.rng.choice([0.0, 5.0, 300.0, 2_000.0]), int(self.rng.random() < 0.15))

    def meddle(self) -> None:
        """People run, cancel, disable, edit and make again, whether a scheduler is there or not."""
        rng, world = self.rng, self.world
        name = rng.choice(list(world.jobs))
        deeds: list[Callable[[], object]] = [
            lambda: world.person(v.JobDisabled(), name),
            lambda: world.person(v.JobEnabled(catch_up=rng.random() < 0.3), name),
            lambda: world.person(v.JobEnabled(), name),
            lambda: world.person(
                v.RunRequested(executor="scheduler", with_dependents=rng.random() < 0.7), name, run=-1
            ),
            lambda: world.edit(msgspec.structs.replace(world.jobs["both"], after=After(jobs=["b", "a"]))),
            lambda: world.edit(msgspec.structs.replace(world.jobs["both"], after=After(jobs=["a", "b"]))),
            lambda: world.edit(
                msgspec.structs.replace(
                    world.jobs["a"], schedule=rng.choice(["*/20 * * * *", "*/10 * * * *"])
                )
            ),
            self._make_again,
            self._make_again,
            lambda: cancel_one(rng, world),
        ]
        rng.choice(deeds)()

    def _make_again(self) -> None:
        """One of the last runs that failed is made again, as a person asks for it."""
        runs = {each.seq: each for each in self.world.entries(v.ScheduleTicked)}
        failed = [
            each
            for each in self.world.entries(v.RunFinished)[-30:]
            if v.payload(each).outcome == "failed" and v.payload(each).retry_at is None and each.run in runs
        ]
        if failed:
            end = self.rng.choice(failed)
            tick = v.payload(runs[end.run or 0])
            request = v.RunRequested(
                executor="scheduler", retry_of=end.run, original_scheduled_for=tick.scheduled_for
            )
            self.world.person(request, end.job or "", run=-1)

    def live(self, steps: int) -> World:
        """Some steps of it, and a rest at the end, after which nothing is in flight."""
        rng, world = self.rng, self.world
        for _ in range(steps):
            try:
                if world.scheduler is None:
                    world.start()
                if rng.random() < 0.5:
                    self.meddle()
                world.run(rng.expovariate(1 / 3_000))
            except Crash:
                world.crash()
            if world.scheduler is None or rng.random() < 0.1:
                world.crash()
                if rng.random() < 0.5:
                    self.meddle()
                world.clock.pass_(rng.choice([0.0, 1.0, 60.0, 3_600.0]))
                if rng.random() < 0.3:
                    world.machine.reboot()
        world.machine.store.before_commit = world.machine.store.after_commit = None
        world.machine.behaviour = lambda launch: Process(0.0, 0)
        world.restart()
        world.edit(
            *(msgspec.structs.replace(each, enabled=False) for each in world.jobs.values() if each.schedule)
        )
        world.run(8_000)
        return world


def live_in_chains(seed: int, *, crashes: float = 0.02, steps: int = 40) -> World:
    """A whole life, which has come to rest."""
    return DependentLife(seed, crashes=crashes).live(steps)

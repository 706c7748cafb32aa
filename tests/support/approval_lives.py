"""Lives of a simulated world whose jobs need approval, and what must be in force there: a model of its own.

The model knows edits and people, and shares nothing with the rules of approval. Each process that starts says by its
command which version of its job it runs.
"""

from __future__ import annotations

import random

from scheduler.definition import JobDefinition
from scheduler.processes.spawner import Launch
from tests.support import approvals
from tests.support.lives import crash_at_random
from tests.support.world import Crash, Process, World

_PARTIES = (approvals.ANN, approvals.ROOT, approvals.JOB_OF_BOB, *[approvals.BOB] * 4)


class _Model:
    """One job: what the config has, what is in force, what waits; versions, or None where there is no job."""

    def __init__(self) -> None:
        self.config: JobDefinition | None = None
        self.in_force: JobDefinition | None = None
        self.waits: JobDefinition | None = None
        self.is_waiting = False
        self.rejected: list[JobDefinition | None] = []

    def edit(self, new: JobDefinition | None) -> None:
        """The config has this from now on."""
        self.config = new
        if new == self.in_force:
            self.is_waiting, self.rejected = False, []
        elif not any(each is not None and each.approval == "required" for each in (new, self.in_force)):
            self.in_force, self.is_waiting, self.rejected = new, False, []
        elif new not in self.rejected:
            self.waits, self.is_waiting, self.rejected = new, True, []

    def approve(self) -> None:
        """What waits is approved."""
        self.in_force, self.is_waiting, self.rejected = self.waits, False, []

    def reject(self) -> None:
        """What waits is rejected."""
        self.is_waiting, self.rejected = False, [self.waits]


class ApprovalLife:
    """One life, from a seed: Ann edits, anybody approves or rejects, the scheduler crashes now and then.

    Attributes:
        launches: how many processes were started; approvals: how many changes were approved.
    """

    def __init__(self, seed: int, *, crashes: float) -> None:
        self.rng = random.Random(seed)
        self.models = {name: _Model() for name in ("a", "b", "c")}
        self.world = World()
        self.world.machine.behaviour = self._behave
        self.versions = self.launches = self.approvals = 0
        crash_at_random(self.rng, self.world.machine, crashes)

    def _behave(self, launch: Launch) -> Process:
        job = launch.env["CRONLEDGER_JOB"]
        definition = self.models[job].in_force
        assert definition is not None, f"{job} runs and was never approved"
        assert launch.argv == definition.command, f"{job} runs what is not in force"
        self.launches += 1
        return Process(self.rng.choice([0.0, 30.0, 5_000.0]), int(self.rng.random() < 0.2))

    def meddle(self) -> None:
        """Somebody edits, approves, rejects, or asks again."""
        rng, world = self.rng, self.world
        name = rng.choice(sorted(self.models))
        model = self.models[name]
        kind = rng.randrange(10)
        if kind < 3:
            self.versions += 1
            make = approvals.protected if rng.random() < 0.7 else approvals.unprotected
            self._edit(name, make(name, self.versions))
        elif kind == 3:
            self._edit(name, None)
        elif kind == 4:
            self._edit(name, model.in_force)
        elif kind == 5 and approvals.reject(world, name, rng.choice(_PARTIES)):
            assert model.is_waiting
            model.reject()
        else:
            party = rng.choice(_PARTIES)
            done = approvals.approve(world, name, party)
            assert done is (model.is_waiting and party is approvals.BOB)
            if done:
                self.approvals += 1
                model.approve()

    def _edit(self, name: str, new: JobDefinition | None) -> None:
        self.models[name].edit(new)
        self.world.edit(*([] if new is None else [new]), remove=[name] if new is None else [])

    def live(self, steps: int) -> World:
        """Some steps of it; after each, what is in force is what the model says."""
        rng, world = self.rng, self.world
        for _ in range(steps):
            try:
                if world.scheduler is None:
                    world.start()
                self.meddle()
                world.run(rng.expovariate(1 / 4_000))
            except Crash:
                world.crash()
            if rng.random() < 0.1:
                world.crash()
                self.meddle()
                world.clock.pass_(rng.choice([1.0, 60.0, 7_200.0]))
            self.check()
        world.machine.store.before_commit = world.machine.store.after_commit = None
        world.restart()
        world.run(7_300)
        self.check()
        return world

    def check(self) -> None:
        """What is in force is what the model says."""
        for name, model in self.models.items():
            job = self.world.state.jobs.get(name)
            found = job.definition if job is not None and job.present else None
            assert found == model.in_force, name

"""Rough lives of a simulated world, each from a seed: nothing that a scheduler needs can be relied on.

At any append the process may die, the ledger may be unavailable for a while, or another process may append first.
Clocks are set by weeks, processes start slowly, hang and withstand signals, the system refuses to look at them,
people cancel, edit and disable in between, and two schedulers may believe that the home is theirs.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Literal

import msgspec

from eventstore.errors import Conflict, Unavailable
from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.definition import RETRIED_OUTCOMES, After, JobDefinition, Limits, RetriedOutcome, Retry
from scheduler.processes.spawner import Launch
from scheduler.rules.requests.backfill import ending
from tests.support.lives import cancel_one
from tests.support.world import BEGIN, Crash, Machine, Process, SimulatedFiles, World, job

ENDLESS_S = 1e9
WEEK_S = 7 * 86_400.0
CAPACITIES = {"database": 2}
"""How many runs may hold a lock at once, where it is not one."""
IDLE_TURNS_MAX = 50
"""So many turns in a row may ask for another one at once without recording anything."""


def rough_job(rng: random.Random, name: str) -> JobDefinition:
    """Any kind of schedule, with any policy."""
    timings: list[dict[str, object]] = [
        {"schedule": f"{rng.randrange(60)} * * * *", "timezone": "Europe/Paris"},
        {"schedule": f"*/{rng.choice([7, 20])} * * * *"},
        {"schedule": f"{rng.randrange(60)} {rng.randrange(24)} * * *", "timezone": "America/New_York"},
        {"every": rng.choice(["7m", "25m", "5h", "36h"])},
        {"schedule": "0 3 * * *; */50 * * * *", "schedules": ["0 3 * * *", "*/50 * * * *"]},
        {"every": "1d from 2026-01-02T02:30", "timezone": "Europe/Paris"},
        {"every": "5h from 2026-01-02T00:17"},
        {"on_demand": True},
        {"schedule": "@reboot"},
        {"at": (BEGIN + timedelta(seconds=rng.randrange(4 * 86_400))).isoformat()},
    ]
    timing = rng.choice(timings)
    return msgspec.structs.replace(
        job(name),
        **{"schedule": None, **timing},
        catch_up=rng.choice(["one", "all", "none"]),
        catch_up_limit=rng.choice([2, 20]),
        catch_up_window_ms=rng.choice([None, None, 7_200_000]),
        overlap=rng.choice(["skip", "queue", "replace", "allow"]),
        start_deadline_ms=rng.choice([None, None, 60_000, 1_800_000]),
        timeout_ms=rng.choice([None, 20_000, 900_000]),
        retry=rng.choice([None, rough_retry(rng)]),
        kill_after_ms=rng.choice([100, 10_000]),
        enabled=rng.random() < 0.9,
        success_codes=rng.choice([[], [], [], [0, 1], [1]]),
        locks=rng.choice([[], [], ["disk"], ["database"], ["database", "disk"]]),
        limits=rng.choice([None, None, Limits(memory_bytes=1 << 20), Limits(cpu_time_ms=1_000, nice=5)]),
        run_as="nobody-here" if rng.random() < 0.03 else None,
    )


def rough_dependents(rng: random.Random) -> list[JobDefinition]:
    """A chain and a diamond after the first jobs, and one that waits for a success; with any policy."""
    afters = {
        "next": After(jobs=["job-0"]),
        "both": After(jobs=["job-0", "job-1"]),
        "last": After(jobs=["next", "both"]),
        "lately": After(jobs=["next"], within_ms=3_600_000),
    }
    jobs = {name: rough_job(rng, name) for name in afters}
    return [
        msgspec.structs.replace(
            jobs[name],
            schedule="*/30 * * * *" if after.within_ms else None,
            schedules=[],
            every=None,
            at=None,
            on_demand=False,
            after=after,
        )
        for name, after in afters.items()
    ]


def rough_retry(rng: random.Random) -> Retry:
    """Any policy about further attempts."""
    outcomes: list[list[RetriedOutcome] | None] = [None, [], [*RETRIED_OUTCOMES]]
    return Retry(
        attempts=rng.choice([1, 2, 4, 9]),
        delay_ms=rng.choice([1_000, 10_000, 600_000]),
        backoff=rng.choice([1.0, 2.0, 5.5]),
        delay_max_ms=rng.choice([600_000, 7_200_000]),
        within_ms=rng.choice([None, None, 60_000, 7_200_000]),
        exit_codes=rng.choice([[], [1], [2, 127]]),
        outcomes=rng.choice(outcomes),
    )


class RoughLife:
    """One life.

    Args:
        seed: the same one lives the same life.
        schedulers: how many serve the one home, each of which takes itself for the only one.
        jobs: how many jobs there are.

    Attributes:
        worlds: one a scheduler, on one machine.
        stopped: numbers of the runs that a stopping scheduler asked to stop.
    """

    def __init__(self, seed: int, *, schedulers: int = 1, jobs: int = 5) -> None:
        self.rng = rng = random.Random(seed)
        self.machine = machine = Machine()
        definitions = [rough_job(rng, f"job-{number}") for number in range(jobs)]
        definitions += rough_dependents(random.Random(seed + 1_000_000))
        self.worlds = [
            World(*definitions, machine=machine, max_parallel=3, locks=CAPACITIES) for _ in range(schedulers)
        ]
        self.stopped: set[int] = set()
        self.rough = True
        self._refused = rng.choice([0.0, 0.0, 0.05])
        self._set_by_weeks = rng.random() < 0.3
        self._outage_ends_s = 0.0
        self._idle_turns = 0
        machine.behaviour = self._behave
        machine.files = SimulatedFiles(lambda: not self.out_of_room)
        machine.refuse = self._refuse
        machine.store.before_commit, machine.store.after_commit = self._before_commit, self._after_commit

    @property
    def processes_may_be_refused(self) -> bool:
        """Whether the system may refuse to start processes, or to look for them."""
        return self._refused > 0

    @property
    def out_of_room(self) -> bool:
        """Whether nothing can be appended now."""
        return self.machine.clock.monotonic_s < self._outage_ends_s

    # -- what goes wrong ---------------------------------------------------------------------------------------

    def _before_commit(self, events: Sequence[Event]) -> None:
        self._check_losses(events)
        if not self.rough:
            return
        kind = self.rng.random()
        if kind < 0.004:
            raise Crash
        if kind < 0.006:
            self._outage_ends_s = self.machine.clock.monotonic_s + self.rng.expovariate(1 / 900)
        if self.out_of_room or kind < 0.02:
            raise Unavailable("there is no room")
        if kind < 0.03:
            self.meddle(self.rng.choice(self.worlds))
            raise Conflict("another process appended first")

    def _after_commit(self, events: Sequence[Event]) -> None:
        if self.rough and self.rng.random() < 0.004:
            self.machine.tear(len(events), self.rng.randint(0, len(events)) if len(self.worlds) == 1 else 0)
            raise Crash

    def _check_losses(self, events: Sequence[Event]) -> None:
        """Nothing is recorded as lost while it runs."""
        for event in events:
            if isinstance(event.data, v.RunFinished) and event.data.outcome == "lost":
                process = self.machine.processes.get((event.run or 0, event.data.attempt))
                alive = process is not None and process.ends_s > self.machine.clock.monotonic_s
                assert not alive, f"run {event.run} is called lost, and runs"

    def _behave(self, launch: Launch) -> Process | None:
        del launch
        rng = self.rng
        if not self.rough:
            return Process(2.0, 0)
        if rng.random() < 0.05:
            self.machine.clock.pass_(rng.choice([0.5, 3.0, 40.0]))
        kind = rng.random()
        if kind < 0.02:
            return None
        ends_s = rng.choice([0.0, 1.0, 30.0, 700.0, 7_200.0, ENDLESS_S] if kind < 0.4 else [0.0, 2.0])
        reaches: Literal["", "memory_bytes", "cpu_time_ms"] = rng.choice(["", "memory_bytes", "cpu_time_ms"])
        process = Process(ends_s, rng.choice([0, 0, 0, 1]), withstands=rng.choice(["", "", "term", "kill"]))
        return process._replace(reaches=reaches) if kind < 0.2 else process

    def _refuse(self) -> None:
        if self.rough and self.rng.random() < self._refused:
            raise OSError(24, "Too many open files")

    def meddle(self, world: World) -> None:
        """Somebody says something, in between or while nobody watches."""
        rng = self.rng
        if not world.jobs or not world.state.jobs:
            self.edit(rough_job(rng, "job-0"))
            return
        name = rng.choice([name for name in world.jobs if name in world.state.jobs])
        until = world.clock.wall + timedelta(seconds=rng.expovariate(1 / 9_000))
        deeds: list[Callable[[], object]] = [
            lambda: world.person(v.JobDisabled(), name),
            lambda: world.person(v.JobEnabled(), name),
            lambda: world.person(v.JobEnabled(catch_up=True), name),
            lambda: world.person(v.JobDisabled(until=until), name),
            lambda: self.edit(rough_job(rng, name)),
            lambda: self.edit(
                msgspec.structs.replace(world.jobs[name], start_deadline_ms=rng.choice([30_000, None]))
            ),
            lambda: self.edit(msgspec.structs.replace(world.jobs[name], retry=rough_retry(rng))),
            lambda: self.edit(remove=[name]),
            lambda: self.edit(rough_job(rng, f"job-{rng.randrange(5)}")),
            lambda: world.person(v.RunRequested(executor="scheduler"), name, run=-1),
            lambda: world.person(v.RunRequested(executor="scheduler", with_dependents=True), name, run=-1),
            lambda: cancel_one(rng, world),
            lambda: cancel_one(rng, world),
            lambda: cancel_one(rng, world),
            lambda: world.backfill(
                name, timedelta(seconds=rng.expovariate(1 / 90_000)), missed_only=rng.random() < 0.5
            ),
            lambda: world.settle(
                name, world.clock.wall + timedelta(seconds=rng.choice([-1, 1]) * rng.expovariate(1 / 9_000))
            ),
            lambda: world.reopen(name),
            lambda: world.reopen(name),
            lambda: world.say(lambda state: ending(state, name, "user:ann@sim", "")),
        ]
        rng.choice(deeds)()

    def edit(self, *jobs: JobDefinition, remove: Sequence[str] = ()) -> None:
        """Change the one config."""
        first = self.worlds[0]
        first.edit(*jobs, remove=remove)
        for other in self.worlds[1:]:
            other.jobs, other.edits = first.jobs, first.edits

    def _set_clock(self) -> None:
        clock = self.machine.clock
        if clock.wall != clock.true and self.rng.random() < 0.7:
            clock.wall = clock.true
        elif self._set_by_weeks:
            clock.step(self.rng.choice([-6 * WEEK_S, -WEEK_S, WEEK_S, 6 * WEEK_S]))
        else:
            clock.step(self.rng.choice([-7_200.0, -3.0, 3.0, 7_200.0]))

    # -- living ------------------------------------------------------------------------------------------------

    def start(self, world: World) -> None:
        """Start a scheduler, which may fail."""
        try:
            world.start()
        except (Crash, Unavailable, OSError):
            world.crash()

    def turn(self, world: World) -> None:
        """One turn; a scheduler that only spins is a fault."""
        before = self.worlds[0].machine.store.refresh()
        try:
            world.turn()
        except Crash:
            world.crash()
            return
        idle = world.wait_s == 0.0 and self.machine.store.refresh() == before
        self._idle_turns = self._idle_turns + 1 if idle else 0
        assert self._idle_turns < IDLE_TURNS_MAX, "it turns and turns, and does nothing"

    def live(self, seconds: float) -> None:
        """Let time pass, with turns whenever something is due."""
        clock = self.machine.clock
        end_s = clock.monotonic_s + seconds
        while clock.monotonic_s < end_s:
            for world in self.worlds:
                if world.scheduler is not None:
                    self.turn(world)
            steps_s = [end_s - clock.monotonic_s]
            ends_s = [process.ends_s - clock.monotonic_s for process in self.machine.processes.values()]
            steps_s += [seconds for seconds in ends_s if seconds > 0]
            head = self.machine.store.refresh()
            for world in self.worlds:
                if world.scheduler is not None:
                    unseen = world.scheduler.state.head != head
                    steps_s.append(0.0 if unseen else world.wait_s)
            clock.pass_(max(0.000_001, min(steps_s)))

    def stop(self, world: World) -> None:
        """Stop a scheduler in an orderly way."""
        try:
            assert world.scheduler is not None
            world.scheduler.begin_stop()
            self.live(self.rng.choice([0.0, 30.0]))
            if world.scheduler is not None:
                self.stopped |= set(world.state.runs)
                world.supervisor.stop_all("stopped with the scheduler", self.machine.clock.read())
                self.live(self.rng.choice([0.0, 40.0]))
        except Crash:
            pass
        world.crash()

    def disturb(self) -> None:
        """Something happens."""
        rng, world = self.rng, self.rng.choice(self.worlds)
        kind = rng.random()
        if world.scheduler is None:
            self.meddle(world)
            self.machine.clock.pass_(rng.choice([0.0, 10.0, rng.expovariate(1 / 9_000)]))
            if rng.random() < 0.2:
                for other in self.worlds:
                    other.crash()
                self.machine.reboot()
                self.machine.clock.pass_(1.0)  # two boots are never seen within a second
            self.start(world)
        elif kind < 0.08:
            world.crash()
        elif kind < 0.14:
            self.stop(world)
        elif kind < 0.2:
            self.machine.clock.sleep(rng.expovariate(1 / 9_000))
        elif kind < 0.26:
            self._set_clock()
        else:
            self.meddle(world)

    def entries(self) -> list[Entry]:
        """The ledger."""
        return self.worlds[0].entries()

    def settle(self) -> None:
        """Everything works from now on, and one scheduler serves: what is in flight comes to its end."""
        self.rough, self._outage_ends_s = False, 0.0
        first = self.worlds[0]
        for world in self.worlds:
            world.crash()
        self.worlds = [first]
        self.machine.clock.wall = max(self.machine.clock.true + timedelta(seconds=1_000), first.state.time)
        first.start()
        self.live(9_000.0)
        for _ in range(5):
            for run in list(first.state.runs.values()):
                if run.cancel_seq is None:
                    first.person(v.RunCancelRequested(), run.job, run.number)
            self.live(60.0)
        self.edit(remove=list(first.jobs))
        self.live(9_000.0)


def live_roughly(seed: int, *, schedulers: int = 1, hours: float = 72.0) -> RoughLife:
    """A whole rough life from a seed, which has come to rest."""
    life = RoughLife(seed, schedulers=schedulers)
    for world in life.worlds:
        life.start(world)
    end_s = life.machine.clock.monotonic_s + 3_600 * hours
    while life.machine.clock.monotonic_s < end_s:
        life.disturb()
        life.live(life.rng.choice([0.0, 5.0, life.rng.expovariate(1 / 9_000)]))
    life.settle()
    return life

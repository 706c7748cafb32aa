"""Lives of a simulated world, each from a seed: crashes, reboots, suspends, clock steps, people who meddle."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from datetime import timedelta

import msgspec

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import JobCalendars, JobDefinition
from scheduler.processes.spawner import Launch
from scheduler.rules.requests.backfill import ending
from tests.support.calendars import calendar, on
from tests.support.world import RETRIES, Crash, Machine, Process, World, job, random_jobs


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


def death_after(machine: Machine, appends: int, kept: int) -> Callable[[Sequence[Event]], None]:
    """What a store calls after each append to have its scheduler die after so many, in the midst of the next one.

    Args:
        machine: on which the scheduler runs.
        appends: how many it makes before.
        kept: how many entries of the append in which it dies reach the disk, at most.
    """
    left = appends

    def after(events: Sequence[Event]) -> None:
        nonlocal left
        if left == 0:
            machine.tear(len(events), min(kept, len(events)))
            raise Crash
        left -= 1

    return after


def meddle(rng: random.Random, world: World) -> None:
    """People and edits: disable, enable, pause, reschedule, remove, bring back."""
    name = rng.choice(list(world.jobs))
    kind = rng.randrange(6)
    if kind == 0:
        world.person(v.JobDisabled(reason="simulated"), name)
    elif kind == 1:
        world.person(v.JobEnabled(catch_up=rng.random() < 0.5), name)
    elif kind == 2:
        world.person(v.JobDisabled(until=world.clock.wall + timedelta(hours=rng.randrange(1, 60))), name)
    elif kind == 3:
        minute, hour = rng.randrange(60), rng.randrange(24)
        world.calendars["closed"] = CLOSED[hour % len(CLOSED)]
        world.edit(*_of_today(world), rescheduled(name, minute, hour))
    elif kind == 4:
        definition = world.jobs[name]
        world.edit(remove=[name])
        world.run(rng.choice([0.0, 5_000.0]))
        world.edit(definition)
    else:
        world.person(v.RunRequested(executor="scheduler"), name, run=-1)


def cancel_one(rng: random.Random, world: World) -> None:
    """Somebody asks one of the runs in flight to stop."""
    in_flight = [run for run in world.state.runs.values() if run.cancel_seq is None]
    if in_flight:
        run = rng.choice(in_flight)
        world.person(v.RunCancelRequested(), run.job, run.number)


CLOSED = [
    calendar("closed", weekdays=("sat", "sun")),
    calendar("closed", "2026-01-05..2026-01-09", "2026-02-01", weekdays=("sun",)),
]
"""The days of one calendar, which somebody edits."""


def _closed(hour: int) -> JobCalendars:
    return on(without=(CLOSED[hour % len(CLOSED)],))


def _of_today(world: World) -> list[JobDefinition]:
    """The jobs with calendars, as they are when the calendar has the days that it has now."""
    today = on(without=(world.calendars["closed"],))
    return [
        msgspec.structs.replace(each, calendars=today)
        for each in world.jobs.values()
        if each.calendars is not None
    ]


def rescheduled(name: str, minute: int, hour: int) -> JobDefinition:
    """A job with a time each day, two of them, days by their place in the month, jitter from a day on, or no time."""
    time = f"{minute} {hour} * * *"
    kinds: list[dict[str, object]] = [
        {"schedule": time, "calendars": _closed(hour) if minute % 2 else None},
        {"schedule": f"{time}; */25 3 * * *", "schedules": [time, "*/25 3 * * *"]},
        {"schedule": f"{minute} {hour} 15W,L * 1#1,3", "calendars": _closed(hour)},
        {"every": f"2d from 2026-01-02T{hour:02}:{minute:02}", "jitter_ms": 5_400_000},
        {"on_demand": True},
    ]
    return job(name, timezone="Europe/Paris", **kinds[minute % len(kinds)])  # type: ignore[arg-type]


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
    seed: int,
    jobs: int,
    days: int,
    crashes: float = 0.0008,
    disturbed: Callable[[random.Random, World], None] = disturb,
) -> World:
    """A world with random jobs, crashes, reboots, suspends, clock steps and meddling, from a seed.

    Args:
        seed: the same one lives the same life.
        jobs: how many jobs it has.
        days: how long it lives, in days of the clock that nobody can set.
        crashes: how probable a crash is at each append, before it and after it.
        disturbed: what happens to it now and then.
    """
    rng = random.Random(seed)
    definitions = list(random_jobs(rng, jobs).values())
    # Each third one leaves out some days, from the beginning on.
    closed = [msgspec.structs.replace(each, calendars=_closed(0)) for each in definitions[::3]]
    world = World(*definitions, *closed)
    world.calendars["closed"] = CLOSED[0]
    behave(rng, world.machine)
    crash_at_random(rng, world.machine, crashes)
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


SCHEDULES = ["*/7 * * * *", "0 * * * *", "30 */2 * * *", "15 1 * * *"]


def meddle_unwatched(rng: random.Random, world: World) -> None:
    """Someone says something, whether a scheduler is there to hear it or not."""
    name = rng.choice(["job-0", "job-1", "job-2"])
    seconds, overlap = rng.expovariate(1 / 4_000), rng.choice(["queue", "replace"])
    deeds: list[Callable[[], object]] = [
        lambda: world.person(v.JobDisabled(reason="quiet, please"), name),
        lambda: world.person(v.JobEnabled(), name),
        lambda: world.person(v.JobEnabled(catch_up=True), name),
        lambda: world.person(v.JobDisabled(until=world.clock.wall + timedelta(seconds=seconds)), name),
        lambda: world.edit(job(name, rng.choice(SCHEDULES), catch_up="all", overlap=overlap)),
        lambda: world.edit(job(name, rng.choice(SCHEDULES), catch_up_window_ms=3_600_000)),
        lambda: world.edit(remove=[name]),
        lambda: world.person(v.RunRequested(executor="scheduler"), name, run=-1),
    ]
    rng.choice(deeds)()


def wish_unwatched(rng: random.Random, world: World) -> None:
    """The same, by people who also settle what is to come, open it again, and have backfilled what passed."""
    name, now = rng.choice(["job-0", "job-1", "job-2"]), world.clock.wall
    if name not in world.jobs or name not in world.state.jobs or rng.random() < 0.2:
        meddle_unwatched(rng, world)
        return
    until = now + timedelta(seconds=rng.choice([-1, 1, 1]) * rng.expovariate(1 / 9_000))
    since, missed_only = timedelta(seconds=rng.expovariate(1 / 20_000)), rng.random() < 0.5
    deeds: list[Callable[[], object]] = [
        lambda: world.backfill(name, since, missed_only=missed_only, most=6),
        lambda: world.backfill(name, since, missed_only=missed_only, most=6),
        lambda: world.settle(name, until),
        lambda: world.reopen(name),
        lambda: world.say(lambda state: ending(state, name, "user:ann@sim", "")),
    ]
    rng.choice(deeds)()
    if rng.random() < 0.5:
        # What was just asked for is taken back, before it is over.
        world.clock.pass_(rng.choice([0.0, 60.0, 1_000.0]))
        deeds[-1]()
        world.reopen(name)


def live_wildly(
    seed: int, meddle_while_away: Callable[[random.Random, World], None] = meddle_unwatched
) -> World:
    """Days full of events: jobs every few minutes, and people who meddle while nobody watches, or somebody does."""
    rng = random.Random(seed)
    jobs = (job(f"job-{number}", SCHEDULES[number], retry=RETRIES[number]) for number in range(3))
    world = World(*jobs, max_parallel=2)
    world.machine.behaviour = lambda launch: Process(rng.choice([0.0, 5.0, 700.0]), rng.randrange(2))
    world.start()
    for _ in range(60):
        kind, seconds = rng.randrange(10), rng.expovariate(1 / 4_000)
        if kind < 4:
            world.run(seconds)
        elif kind < 6:
            world.crash()
            world.clock.pass_(seconds)
            meddle_while_away(rng, world)
            world.clock.pass_(seconds)
            world.start()
        elif kind == 6:
            world.clock.sleep(seconds)
        elif kind == 7:
            world.clock.step(rng.choice([-7_200.0, -2.0, 2.0, 7_200.0]))
        else:
            meddle_while_away(rng, world)
        world.turn()
    world.clock.wall = max(world.clock.wall, *(entry.time for entry in world.entries()))
    world.restart()
    world.run(1)
    return world

"""What a plan says is what the scheduler then does."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import timedelta

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler import vocabulary as v
from scheduler.definition import Expect, JobDefinition, Retry
from scheduler.rules.reconcile import CalendarDefinition
from tests.scheduler.rules.planning.foreseen import SPAN, foresee, same_as_foreseen, scheduled, take_up
from tests.support.calendars import on
from tests.support.examples import examples
from tests.support.lives import CLOSED, behave, rescheduled
from tests.support.world import BEGIN, Machine, Process, World, job, random_jobs


def _lived(seed: int) -> World:
    """A world in the middle of things, the same for the same seed: some runs wait, some go, perhaps nobody serves."""
    rng = random.Random(seed)
    machine = Machine()
    behave(rng, machine)
    often = job("often", "*/20 * * * *", overlap="queue", expect=_expected(rng))
    world = World(*random_jobs(rng, 3).values(), often, machine=machine)
    world.calendars = {"closed": CLOSED[0]}
    world.start()
    world.run(rng.uniform(3_600, 90_000))
    for _ in range(rng.randrange(3)):
        _happening(rng, world)
        world.run(rng.uniform(1, 20_000))
    if rng.random() < 0.4:
        world.crash()
        world.clock.pass_(rng.choice([1.0, 7_200.0, 200_000.0]))
        if rng.random() < 0.3:
            machine.reboot()
    return world


def _expected(rng: random.Random) -> Expect | None:
    """What is expected of a job; often it does not hold."""
    within_ms = rng.choice([1_000, 600_000, 7_200_000])
    return rng.choice([None, Expect(success_every_ms=within_ms), Expect(finish_within_ms=within_ms)])


def _happening(rng: random.Random, world: World) -> None:
    """A person decides something."""
    name = rng.choice(list(world.jobs))
    until = world.clock.wall + timedelta(hours=rng.randrange(1, 60))
    payload = rng.choice(
        [
            v.JobDisabled(reason="for now"),
            v.JobDisabled(until=until),
            v.JobEnabled(),
            v.JobEnabled(catch_up=True),
        ]
    )
    if name in world.state.jobs and world.state.jobs[name].present:
        world.person(payload, name)
    if rng.random() < 0.3:
        world.settle(name, until)


def _edited(
    rng: random.Random, world: World
) -> tuple[Mapping[str, JobDefinition], dict[str, CalendarDefinition]]:
    """Some jobs are added, removed or changed, a calendar too."""
    calendars = {"closed": rng.choice(CLOSED)}
    jobs = dict(world.jobs)
    for name in [each for each in jobs if rng.random() < 0.7]:
        old = jobs[name]
        kind = rng.randrange(9)
        if kind == 0:
            del jobs[name]
        elif kind == 1:
            jobs[name] = msgspec.structs.replace(old, command=["false"])
        elif kind == 2:
            jobs[name] = msgspec.structs.replace(old, enabled=not old.enabled)
        elif kind == 3:
            jobs[name] = msgspec.structs.replace(
                old, catch_up=rng.choice(["one", "all", "none"]), overlap=rng.choice(["replace", "queue"])
            )
        elif kind == 4:
            jobs[name] = msgspec.structs.replace(old, approval="required")
        elif kind == 5:
            jobs[name] = msgspec.structs.replace(
                old, timezone=rng.choice(["Asia/Tokyo", "America/Havana", "UTC"])
            )
        elif kind == 6:
            jobs[name] = msgspec.structs.replace(old, expect=_expected(rng))
        else:
            jobs[name] = rescheduled(name, rng.randrange(60), rng.randrange(24))
    if rng.random() < 0.5:
        jobs["new"] = job("new", f"{rng.randrange(60)} */3 * * *", enabled=rng.random() < 0.8)
    today = on(without=(calendars["closed"],))
    jobs = {
        name: each if each.calendars is None else msgspec.structs.replace(each, calendars=today)
        for name, each in jobs.items()
    }
    return jobs, calendars


def test_it_says_what_becomes_of_each_run_in_flight() -> None:
    """Of those that go, wait, and are to be tried again; with the entry that says so, where there is one."""
    jobs = {
        "tried": job("tried", "5 0 * * *", retry=Retry(attempts=2, delay_ms=36_000_000)),
        "busy": job("busy", "*/20 * * * *", overlap="queue", start_deadline_ms=86_400_000),
        "going": job("going", "30 0 * * *"),
        **{
            name: job(name, "0 1 * * *", start_deadline_ms=86_400_000)
            for name in ("waiting", "disabled", "late")
        },
    }
    world = World(*jobs.values(), max_parallel=2)
    world.machine.behaviour = lambda launch: (
        Process(60.0, 1) if launch.env["CRONLEDGER_JOB"] == "tried" else Process(90_000.0, 0)
    )
    world.start()
    world.until(BEGIN + timedelta(hours=1.25))
    edited = {
        "busy": msgspec.structs.replace(jobs["busy"], overlap="replace"),
        "going": msgspec.structs.replace(jobs["going"], command=["false"]),
        "waiting": msgspec.structs.replace(jobs["waiting"], command=["false"]),
        "disabled": msgspec.structs.replace(jobs["disabled"], enabled=False),
        "late": msgspec.structs.replace(jobs["late"], start_deadline_ms=60_000),
    }
    found = {each.edit.name: each for each in foresee(world, edited).jobs}
    fates = {
        name: [(each.fate, None if each.event is None else each.event.type) for each in job_plan.runs]
        for name, job_plan in found.items()
    }
    assert fates == {
        "tried": [("ends", "run.finished")],
        "busy": [("is_stopped", "run.cancel_requested"), ("is_skipped", "run.skipped"), ("waits", None)],
        "going": [("goes_on", None)],
        "waiting": [("waits", None)],
        "disabled": [("is_skipped", "run.skipped")],
        "late": [("gives_up", None)],
    }
    for name, job_plan in found.items():
        assert [each.run.number for each in job_plan.runs] == list(world.state.jobs[name].live)
        assert all(each.event is None or each.event.run == each.run.number for each in job_plan.runs)


@settings(max_examples=examples(16))
@given(st.integers(0, 2**32))
def test_it_foresees_what_is_recorded(seed: int) -> None:
    """Of any edit, served or not: each entry of it, and each that follows for what was missed and what waits."""
    world = _lived(seed)
    jobs, calendars = _edited(random.Random(seed + 1), world)
    found = foresee(world, jobs, calendars)
    same_as_foreseen(found, take_up(world, jobs, calendars))


@settings(max_examples=examples(8))
@given(st.integers(0, 2**32))
def test_it_foresees_the_instants(seed: int) -> None:
    """Those that disappear and appear are those that tell two lives apart, with the edit and without it."""
    with_it, without_it = _lived(seed), _lived(seed)
    jobs, calendars = _edited(random.Random(seed + 1), with_it)
    now, until = with_it.clock.wall, with_it.clock.wall + SPAN
    found = foresee(with_it, jobs, calendars)
    take_up(with_it, jobs, calendars)
    if without_it.scheduler is None:
        without_it.start()
    for world in (with_it, without_it):
        world.until(until)
    for each in found.jobs:
        if not each.edit.takes_effect:
            continue
        old, new = (scheduled(world.entries(), each.edit.name, now, until) for world in (without_it, with_it))
        gone = [instant for instant in old if instant not in new]
        come = [instant for instant in new if instant not in old]
        changes = each.instants
        assert (changes.disappear, changes.appear) == (len(gone), len(come)), each.edit
        assert list(changes.first_disappear) == gone[: len(changes.first_disappear)]
        assert list(changes.first_appear) == come[: len(changes.first_appear)]
        assert changes.after - changes.before == len(new) - len(old)

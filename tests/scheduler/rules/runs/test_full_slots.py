"""All slots taken: a skip names what was in the way, and the state says what holds the slots and since when."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cli.words.entry_lines import sentence
from cli.words.scheduler_words import full_slots_words
from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.processes.spawner import Launch
from scheduler.rules.runs.slots import full_slots
from tests.support.world import BEGIN, Process, World, job


def hung_world(max_parallel: int = 2) -> World:
    """Two jobs whose runs never end hold both slots; a third has an instant each minute."""
    world = World(
        job("hung-a", "1 0 * * *"),
        job("hung-b", "1 0 * * *"),
        job("frequent", "* * * * *"),
        max_parallel=max_parallel,
    )

    def behaviour(launch: Launch) -> Process:
        return Process(1e9 if launch.env["CRONLEDGER_JOB"].startswith("hung") else 0.0, 0)

    world.machine.behaviour = behaviour
    return world


def test_a_skip_names_the_runs_that_hold_the_slots() -> None:
    """The run in its way never started: the entry says so, and by what all slots were taken."""
    world = hung_world()
    world.start()
    world.run(185)
    hung = [entry.run for entry in world.entries(v.RunStarted) if entry.job in ("hung-a", "hung-b")]
    skip = world.entries(v.RunSkipped)[-1]
    data: v.RunSkipped = v.payload(skip)
    assert data.reason == "overlap"
    assert data.slots == hung
    assert sentence(skip, "UTC") == (
        f"run {skip.run} of frequent skipped: run {data.because_of} was still waiting to start, for all slots were"
        f" taken, by run {hung[0]}, {hung[1]}"
    )


def test_a_run_that_could_not_be_launched_held_a_slot_until_that_was_on_record() -> None:
    """Who starts after it names all that held the slots, with that one."""
    names = ("hung", "gone", "gone-too", "next")
    world = World(*(job(name, "1 0 * * *") for name in names), max_parallel=2)
    world.machine.behaviour = lambda launch: {"hung": Process(1e9, 0), "next": Process(0.0, 0)}.get(
        launch.env["CRONLEDGER_JOB"]
    )
    world.start()
    world.run(65)
    started = world.entries(v.RunStarted)
    assert tuple(each.job for each in started) == names
    assert v.payload(started[3]).slots == [started[0].run, started[2].run]


@pytest.mark.parametrize("max_parallel", [8, 1])
def test_a_skip_behind_a_run_that_is_going_names_no_slots(max_parallel: int) -> None:
    """What was in its way is that run, also where it holds the last slot."""
    world = World(job("slow", "* * * * *"), max_parallel=max_parallel)
    world.machine.behaviour = lambda launch: Process(1e9, 0)
    world.start()
    world.run(125)
    data: v.RunSkipped = v.payload(world.entries(v.RunSkipped)[-1])
    assert (data.reason, data.slots) == ("overlap", [])


def test_the_state_says_what_holds_the_slots_and_what_waits() -> None:
    """Which runs, of which jobs, since when."""
    world = hung_world()
    world.start()
    world.run(185)
    assert world.scheduler is not None
    assert world.scheduler.waits_for_slots
    full = full_slots(world.scheduler.state)
    assert full is not None
    assert sorted(run.job for run in full.holders) == ["hung-a", "hung-b"]
    assert len(full.waiting) == 1
    told = full_slots_words(full, BEGIN + timedelta(hours=3))
    assert told.startswith("all 2 slots are taken, and 1 run waits for one: run ")
    assert "of hung-a, started 2 h 59 min ago" in told


def test_slots_that_are_enough_are_no_news() -> None:
    """Nothing waits."""
    world = hung_world(max_parallel=3)
    world.start()
    world.run(185)
    assert world.scheduler is not None
    assert not world.scheduler.waits_for_slots
    assert full_slots(world.scheduler.state) is None


def test_a_queue_behind_its_own_job_does_not_wait_for_a_slot() -> None:
    """More slots would change nothing for it."""
    world = World(job("slow", "* * * * *", overlap="queue"), max_parallel=1)
    world.machine.behaviour = lambda launch: Process(1e9, 0)
    world.start()
    world.run(245)
    assert world.scheduler is not None
    assert full_slots(world.scheduler.state) is None


@pytest.mark.parametrize("overlap", ["queue", "allow"])
def test_every_run_that_could_start_waits_for_a_slot(overlap: str) -> None:
    """Where they may overlap all of them, elsewhere the oldest; one of no job that is known too."""
    world = World(job("hung-a", "1 0 * * *"), job("each", "0 0 1 6 *", overlap=overlap), max_parallel=1)
    world.machine.behaviour = lambda launch: Process(1e9, 0)
    world.start()
    world.run(65)
    asked = [world.person(v.RunRequested(executor="scheduler"), "each", OWN_SEQ).seq for _ in range(3)]
    full = full_slots(world.state)
    assert full is not None
    assert [run.job for run in full.holders] == ["hung-a"]
    assert full.waiting == (asked if overlap == "allow" else asked[:1])
    unknown = world.person(v.RunRequested(executor="scheduler"), "nobody", OWN_SEQ).seq
    full = full_slots(world.state)
    assert full is not None
    assert full.waiting[-1] == unknown

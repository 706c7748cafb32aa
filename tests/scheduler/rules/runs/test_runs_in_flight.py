"""Runs in flight that nobody watches any more, or that a person wants to be stopped."""

from __future__ import annotations

from datetime import timedelta

import pytest

from eventstore.store import OWN_SEQ, Event
from scheduler import vocabulary as v
from scheduler.entry_members import Claims
from scheduler.rules.catch_up import ticked
from scheduler.rules.requests.cancellation import cancel_requests, runs_in_flight, skips_without_scheduler
from scheduler.rules.runs.orphans import late_run_skips, late_runs, orphans, settle
from scheduler.rules.state import Executor, State
from tests.support.run_audit import audit_runs
from tests.support.world import BEGIN, Process, World, job

ME = Executor("here", "boot", 7, 70, 4_026_531_836)


def running(*names: str, **members: object) -> World:
    """A world in which a run of each job has just begun, and does not end."""
    world = World(*(job(name, "0 * * * *", **members) for name in names))
    world.machine.behaviour = lambda launch: Process(1e9, 0)
    world.start()
    world.run(3_601)
    return world


def told(events: list[Event]) -> list[tuple[str, str | None, int | None]]:
    """What each event is, and of which run."""
    return [(event.data.TYPE, event.job, event.run) for event in events if isinstance(event.data, v.Payload)]


def test_runs_are_orphans_once_their_process_is_gone() -> None:
    """Not while it lives, and not those that this process watches itself."""
    world = running("one", "two")
    state, numbers = world.state, list(world.state.runs)
    assert len(numbers) == 2
    assert orphans(state, numbers, (), lambda _: True) == []
    assert orphans(state, numbers, numbers[:1], lambda _: False) == [state.runs[numbers[1]]]
    assert orphans(state, numbers, (), lambda _: False) == [state.runs[number] for number in numbers]


def test_an_orphan_that_has_ended_meanwhile_is_passed_over() -> None:
    """The others are adopted by the process that looked, or lost, each with what tells why."""
    world = running("one", "two", "three")
    found = list(world.state.runs.values())
    state: State = world.state
    del state.runs[found[0].number]
    adopted, gone = settle(state, found, {found[1].number}, ME, state.time)
    assert told([adopted, gone]) == [
        ("run.adopted", "two", found[1].number),
        ("run.finished", "three", found[2].number),
    ]
    assert adopted.data == v.RunAdopted(
        attempt=1,
        host="here",
        boot_id="boot",
        executor_pid=7,
        executor_start_ticks=70,
        pid_namespace=4_026_531_836,
    )
    assert isinstance(gone.data, v.RunFinished)
    assert (gone.data.outcome, gone.data.attempt) == ("lost", 1)
    assert gone.data.error is not None
    assert "gone" in gone.data.error


def test_a_run_is_asked_to_stop_once() -> None:
    """By the first who asks, with the reason; runs that are over are nobody's business."""
    world = running("one", overlap="queue")
    asked = world.person(v.RunRequested(executor="scheduler"), "one", OWN_SEQ)
    numbers = [run.number for run in runs_in_flight(world.state, world.state.jobs["one"])]
    assert numbers[1:] == [asked.seq]
    claims = Claims(login="root")
    events = cancel_requests(world.state, [*numbers, 10_000], "too slow", "user:ann@sim", claims)
    assert told(events) == [("run.cancel_requested", "one", number) for number in numbers]
    assert all(event.data == v.RunCancelRequested(reason="too slow", claims=claims) for event in events)
    assert all(event.actor == "user:ann@sim" for event in events)
    world.say(lambda _: events[:1])
    assert cancel_requests(world.state, numbers, "again", "user:bob@sim")[0].run == asked.seq


def test_without_a_scheduler_a_waiting_run_is_skipped_by_who_cancels_it() -> None:
    """It names the wish to cancel it; a run that has begun, or that nobody wants to stop, is left alone."""
    world = running("one", overlap="queue")
    waits = [world.person(v.RunRequested(executor="scheduler"), "one", OWN_SEQ).seq for _ in range(2)]
    numbers = [run.number for run in runs_in_flight(world.state, world.state.jobs["one"])]
    assert skips_without_scheduler(world.state, numbers, "user:ann@sim") == []
    wishes = world.say(lambda state: cancel_requests(state, numbers[:2], "", "user:ann@sim"))
    (skip,) = skips_without_scheduler(world.state, numbers, "user:ann@sim")
    assert (skip.run, skip.actor) == (waits[0], "user:ann@sim")
    assert isinstance(skip.data, v.RunSkipped)
    assert (skip.data.reason, skip.data.because_of) == ("cancelled", wishes[1].seq)


def test_what_waited_when_the_last_scheduler_stopped_goes_by_the_catch_up_policy() -> None:
    """Of each job that there still is, all, the latest, or none; a removed one's runs are another rule's."""
    policies = {"gone": "none", "none": "none", "one": "one", "all": "all"}
    world = World(*(job(name, "*/10 * * * *", catch_up=policy) for name, policy in policies.items()))
    world.start()
    world.crash()
    due = [BEGIN + timedelta(minutes=10), BEGIN + timedelta(minutes=20)]
    for name in policies:
        world.say(lambda _, name=name: [ticked(world.jobs[name], instant, instant) for instant in due])  # type: ignore[misc]
    world.edit(remove=["gone"])
    skips = late_run_skips(world.state, late_runs(world.state), BEGIN + timedelta(minutes=25))
    assert {
        (skip.data.reason, skip.data.because_of) for skip in skips if isinstance(skip.data, v.RunSkipped)
    } == {("catch_up", None)}
    live = {name: world.state.jobs[name].live for name in policies}
    assert [(skip.job, skip.run) for skip in skips] == [
        ("none", live["none"][0]),
        ("none", live["none"][1]),
        ("one", live["one"][0]),
    ]


def waits_unwatched(**members: object) -> World:
    """A world whose scheduler has died while a run goes on for hours and those of 1:00, 2:00 and 3:00 wait for it."""
    world = World(job("one", "0 * * * *", overlap="queue", **members))
    world.machine.behaviour = lambda launch: Process(20_000.0, 0)
    world.start()
    world.run(60)
    world.person(v.RunRequested(executor="scheduler"), "one", OWN_SEQ)
    world.run(3 * 3_600)
    world.crash()
    return world


@pytest.mark.parametrize(("policy", "kept"), [("none", []), ("one", [3]), ("all", [1, 2, 3])])
def test_late_runs_are_judged_by_the_instants_that_fell_due(policy: str, kept: list[int]) -> None:
    """The schedule was edited while nobody served: it is no reason to run none of those that were owed."""
    world = waits_unwatched(catch_up=policy)
    world.edit(job("one", "30 4 * * 0", overlap="queue", catch_up=policy))
    world.start()
    waiting = [run.scheduled_for for run in world.state.runs.values() if run.attempt == 0]
    assert waiting == [BEGIN + timedelta(hours=hour) for hour in kept]
    audit_runs(world.entries(), None, at_rest=False)


@pytest.mark.parametrize(("schedule", "kept"), [("0 * * * *", 5), ("30 * * * *", 3)])
def test_late_runs_and_what_is_caught_up_go_by_one_policy(schedule: str, kept: int) -> None:
    """Of a schedule that is in force still, what passed since is caught up and takes their place; else they stay."""
    world = waits_unwatched()
    world.clock.pass_(2 * 3_600)
    world.edit(job("one", schedule, overlap="queue"))
    world.start()
    (waits,) = [run for run in world.state.runs.values() if run.attempt == 0]
    assert waits.scheduled_for == BEGIN + timedelta(hours=kept)
    audit_runs(world.entries(), None, at_rest=False)


def test_a_clock_that_was_set_back_makes_no_late_run_unwanted() -> None:
    """Its instant lies ahead then, and its run is owed all the same."""
    world = waits_unwatched()
    world.clock.step(-7_200.0)
    world.start()
    (waits,) = [run for run in world.state.runs.values() if run.attempt == 0]
    assert waits.scheduled_for == BEGIN + timedelta(hours=3)

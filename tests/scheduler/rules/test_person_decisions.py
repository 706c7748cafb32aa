"""What a person asks for, as rules: cancelling, enabling, disabling, and why a run waits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.rules.evolve import fold
from scheduler.rules.requests.cancellation import cancel_requests, runs_in_flight, skips_without_scheduler
from scheduler.rules.requests.enablement import disabling, enabling
from scheduler.rules.requests.upcoming import jobs_settled_ahead, next_run, settled_ahead
from scheduler.rules.runs.waiting_reasons import WaitingReason, WaitingReasons
from scheduler.rules.state import State
from tests.support.world import BEGIN, Process, World, job

ANN = "user:ann@sim"


def state_of(world: World) -> State:
    """The state that its ledger adds up to."""
    return fold(State(), world.entries())


def slow_world(*, overlap: str = "allow", max_parallel: int = 8) -> World:
    """A job whose run goes on for an hour since 01:00."""
    world = World(job("slow", "0 1 * * *", overlap=overlap), max_parallel=max_parallel)
    world.machine.behaviour = lambda launch: Process(3_600.0, 0)
    world.start()
    world.until(BEGIN + timedelta(hours=1, minutes=1))
    return world


def requested(world: World) -> int:
    """A run that a person wants of the scheduler, which has not seen it yet."""
    return world.person(v.RunRequested(executor="scheduler"), "slow", run=OWN_SEQ).seq


def numbers_of(events: Sequence[object]) -> list[int]:
    """The runs that events are about."""
    return [event.run for event in events]  # type: ignore[attr-defined]


def test_only_runs_in_flight_are_asked_to_stop_and_each_once() -> None:
    """A run that has ended or was asked before is not asked; one that goes is, whatever else is named with it."""
    world = slow_world()
    state = state_of(world)
    (run,) = runs_in_flight(state, state.jobs["slow"])
    (event,) = cancel_requests(state, [run.number, 10_000], "wrong day", ANN)
    assert (event.type, event.run, event.job, event.actor) == (
        v.RunCancelRequested.TYPE,
        run.number,
        "slow",
        ANN,
    )
    world.person(v.RunCancelRequested(reason="wrong day"), "slow", run=run.number)
    assert cancel_requests(state_of(world), [run.number], "again", ANN) == []


def test_a_cancelled_run_that_waits_for_a_scheduler_is_skipped_and_one_that_runs_is_not() -> None:
    """Without a scheduler a run that waits is over once it is cancelled; one that runs is stopped by its watcher."""
    world = slow_world(overlap="queue")
    waiting = requested(world)
    state = state_of(world)
    running = state.jobs["slow"].live[0]
    assert skips_without_scheduler(state, [running, waiting], ANN) == []
    for number in (running, waiting):
        world.person(v.RunCancelRequested(reason=""), "slow", run=number)
    events = skips_without_scheduler(state_of(world), [running, waiting], ANN)
    assert numbers_of(events) == [waiting]
    assert (events[0].type, events[0].actor) == (v.RunSkipped.TYPE, ANN)


def test_enabling_and_disabling_say_nothing_where_nothing_changes() -> None:
    """A pause may be changed or made permanent; a job that is as wanted is left alone."""
    world = slow_world()
    slow = state_of(world).jobs["slow"]
    until = BEGIN + timedelta(days=1)
    assert enabling(slow, "") is None
    assert disabling(slow, "x", None) == v.JobDisabled(reason="x", until=None)
    world.person(v.JobDisabled(reason="x", until=until), "slow")
    paused = state_of(world).jobs["slow"]
    assert enabling(paused, "y") == v.JobEnabled(reason="y")
    assert disabling(paused, "z", None) == v.JobDisabled(reason="z", until=None)
    world.person(v.JobDisabled(reason="z", until=None), "slow")
    disabled = state_of(world).jobs["slow"]
    assert disabling(disabled, "z", None) is None
    assert disabling(disabled, "z", until) == v.JobDisabled(reason="z", until=until)


def test_a_run_waits_for_the_run_before_it_or_for_capacity() -> None:
    """With `queue` the run before it is named; otherwise what the scheduler may start at once decides."""
    world = slow_world(overlap="queue")
    number = requested(world)
    state = state_of(world)
    assert WaitingReasons(state, max_parallel=8).of(number) == WaitingReason(
        "queue", state.jobs["slow"].live[0]
    )
    world = slow_world(overlap="allow")
    number = requested(world)
    state = state_of(world)
    holders = state.jobs["slow"].live[:1]
    assert WaitingReasons(state, max_parallel=1).of(number) == WaitingReason("capacity", holders=holders)
    assert WaitingReasons(state, max_parallel=2).of(number).kind == "unknown"
    assert WaitingReasons(state).of(number).kind == "capacity", "it could have started, and has not"
    assert WaitingReasons(state, served=False).of(number).kind == "scheduler"
    assert WaitingReasons(state, served=None).of(number).kind == "unknown"


def test_a_paused_scheduler_is_the_reason_before_any_other() -> None:
    """While the ledger cannot be written, nothing else keeps a run from starting."""
    world = slow_world(overlap="queue")
    number = requested(world)
    state = state_of(world)
    assert state.scheduler is not None
    state.scheduler.paused = BEGIN
    assert WaitingReasons(state, max_parallel=1).of(number).kind == "paused"


def test_what_is_settled_does_not_come_again_after_the_clock_was_set_back() -> None:
    """The next run is after all that is settled, and it is said up to when that is."""
    slow = state_of(slow_world()).jobs["slow"]
    earlier = BEGIN - timedelta(days=1)
    assert settled_ahead(slow, earlier) == slow.cursor
    assert settled_ahead(slow, slow.cursor) is None
    assert next_run(slow, earlier) == BEGIN + timedelta(days=1, hours=1)


def test_jobs_whose_instants_are_settled_ahead_are_told() -> None:
    """With the instant up to which; where that is hardly ahead, a clock was just corrected."""
    state = state_of(slow_world())
    cursor = state.jobs["slow"].cursor
    assert jobs_settled_ahead(state, cursor - timedelta(days=1)) == {"slow": cursor}
    assert jobs_settled_ahead(state, cursor - timedelta(seconds=1)) == {}

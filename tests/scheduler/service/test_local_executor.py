from __future__ import annotations

import pytest

from scheduler import vocabulary as v
from scheduler.definition import Retry
from scheduler.ledger.ledger import Ledger
from scheduler.rules.laws import illegal_entries
from scheduler.service.local_executor import LocalExecutor, RunRequest
from tests.support.audit import audit
from tests.support.run_audit import audit_runs
from tests.support.world import HOME, Process, SimulatedSpawner, World, job

RETRY = Retry(attempts=3, delay_ms=30_000)


def unserved(failures: int, retry: Retry = RETRY) -> tuple[World, LocalExecutor]:
    """A world without a scheduler, and a process that executes runs for a person."""
    world = World(job("a", retry=retry))
    world.edit()
    machine = world.machine
    machine.behaviour = lambda launch: Process(1.0, 0 if launch.attempt > failures else 1)
    executor = machine.executor()
    local = LocalExecutor(
        HOME,
        Ledger(machine.store.peer()),
        {},
        SimulatedSpawner(machine),
        executor,
        "user:ann@sim",
        lambda other: other in machine.alive,
        clock=machine.clock,
    )
    return world, local


def turn(local: LocalExecutor) -> None:
    """One turn, in which nothing goes wrong."""
    complaints: list[str] = []
    local.turn(complaints.append)
    assert complaints == []


def told(world: World) -> list[tuple[int, str | None]]:
    """How each attempt came out; None for the one that another followed."""
    ends = [v.payload(entry) for entry in world.entries(v.RunFinished)]
    return [(end.attempt, None if end.retry_at else end.outcome) for end in ends]


def check(world: World) -> None:
    """The ledger keeps the laws."""
    assert list(illegal_entries(world.entries())) == []
    audit(world.entries(), world.clock.wall)
    audit_runs(world.entries(), None, {entry.seq for entry in world.entries(v.RunRequested)})


def test_the_process_of_a_person_makes_the_attempts() -> None:
    """Without a scheduler it waits itself, and names itself as who starts them."""
    world, local = unserved(2)
    local.begin(RunRequest(world.jobs["a"]))
    for _ in range(100):
        turn(local)
        world.clock.pass_(1.0)
    assert told(world) == [(1, None), (2, None), (3, "succeeded")]
    assert {entry.actor for entry in world.entries(v.RunStarted)} == {"user:ann@sim"}
    assert not local.busy
    check(world)


@pytest.mark.parametrize("scheduler_first", [True, False])
def test_a_scheduler_that_comes_meanwhile_doubles_nothing(scheduler_first: bool) -> None:
    """Both may make the next attempt; what one has recorded binds the other."""
    world, local = unserved(2)
    local.begin(RunRequest(world.jobs["a"]))
    world.clock.pass_(2.0)
    turn(local)
    world.start()
    for _ in range(100):
        if scheduler_first:
            world.turn()
        turn(local)
        if not scheduler_first:
            world.turn()
        world.clock.pass_(1.0)
    assert told(world) == [(1, None), (2, None), (3, "succeeded")]
    first = world.entries(v.RunStarted)[1]
    assert first.actor == (v.SCHEDULER if scheduler_first else "user:ann@sim")
    assert not local.busy
    check(world)


@pytest.mark.parametrize("served", [True, False])
def test_a_person_who_stops_ends_the_run_as_cancelled(served: bool) -> None:
    """Between two attempts at once; an attempt that a scheduler has begun meanwhile is asked to stop."""
    world, local = unserved(9)
    local.begin(RunRequest(world.jobs["a"]))
    world.clock.pass_(2.0)
    turn(local)
    if served:
        world.machine.behaviour = lambda launch: Process(600.0, 1)
        world.start()
        world.run(60)
    local.stop("stopped by SIGINT to the command that ran it")
    turn(local)
    if served:
        world.run(30)
        turn(local)
    assert told(world)[-1] == (2 if served else 1, "cancelled")
    assert not local.busy
    check(world)


def test_options_that_only_this_process_knows_are_used_once() -> None:
    """A run that was given some is not tried again."""
    world, local = unserved(9)
    local.begin(RunRequest(world.jobs["a"], options=["--dry-run"], parameters=["dry-run"]))
    for _ in range(100):
        turn(local)
        world.clock.pass_(1.0)
    assert told(world) == [(1, "failed")]


def test_a_wait_without_a_scheduler_ends_with_its_job() -> None:
    """Who waits sees what others record: a removed job makes no further attempt."""
    world, local = unserved(9)
    local.begin(RunRequest(world.jobs["a"]))
    world.clock.pass_(2.0)
    turn(local)
    world.edit(remove=["a"])
    turn(local)
    (closed,) = (v.payload(entry) for entry in world.entries(v.RunFinished)[1:])
    assert (closed.outcome, closed.because_of) == ("failed", world.entries(v.JobRemoved)[0].seq)
    assert not local.busy
    check(world)

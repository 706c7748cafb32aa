from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.command import command_digest
from scheduler.definition import Retry
from scheduler.entry_members import LockWait
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.rules.laws.ledger_laws import illegal_entries
from scheduler.scheduler_lock import Holder, SchedulerLock
from scheduler.service.local_executor import LocalExecutor, RunRequest
from tests.support.audit import audit
from tests.support.run_audit import audit_runs
from tests.support.world import HOME, Process, SimulatedSpawner, World, job

RETRY = Retry(attempts=3, delay_ms=30_000)


def unserved(failures: int, retry: Retry = RETRY) -> tuple[World, LocalExecutor]:
    """A world without a scheduler, and a process that executes runs for a person."""
    world = World(job("a", retry=retry))
    world.edit()
    world.machine.behaviour = lambda launch: Process(1.0, 0 if launch.attempt > failures else 1)
    return world, person_of(world)


def person_of(world: World, capacities: Mapping[str, int] | None = None, home: Home = HOME) -> LocalExecutor:
    """A process that executes runs for a person."""
    machine = world.machine
    executor = machine.executor()
    return LocalExecutor(
        home,
        Ledger(machine.store.peer()),
        {},
        SimulatedSpawner(machine),
        executor,
        "user:ann@sim",
        lambda other: other in machine.alive,
        clock=machine.clock,
        lock_capacities=capacities,
    )


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


def test_a_run_without_a_scheduler_waits_for_its_lock() -> None:
    """Whichever process holds it, and whatever its job's overlap policy is; nothing is recorded until then."""
    world = World(job("a", locks=["db"]), job("b", locks=["db"]), job("c", locks=["db"]))
    world.edit()
    world.machine.behaviour = lambda launch: Process(60.0, 0)
    ann, bob = person_of(world), person_of(world)
    holder = ann.begin(RunRequest(world.jobs["a"]))
    bob.in_the_way("b")
    assert bob.begin(RunRequest(world.jobs["b"])) is None
    assert bob.lock_in_the_way(world.jobs["b"]) == LockWait(name="db", holders=[holder or 0])
    assert len(world.entries(v.RunRequested)) == 1
    skipped = bob.begin(RunRequest(world.jobs["a"]))
    assert skipped is not None, "what is skipped waits for no lock"
    world.clock.pass_(60.0)
    turn(ann)
    turn(bob)
    second = bob.begin(RunRequest(world.jobs["b"]))
    assert second is not None
    assert v.payload(world.entries(v.RunStarted)[-1]).locks == {"db": 1}
    third = person_of(world, {"db": 2})
    third.in_the_way("c")
    assert third.begin(RunRequest(world.jobs["c"])) is not None, "of two that may hold it one does"
    world.clock.pass_(60.0)
    turn(bob)
    turn(third)
    assert list(illegal_entries(world.entries())) == []


def test_a_holder_that_died_unwatched_gives_its_lock_back() -> None:
    """Also where it is a run of another job."""
    world = World(job("a", locks=["db"]), job("b", locks=["db"]))
    world.edit()
    world.machine.behaviour = lambda launch: Process(60.0, 0)
    ann = person_of(world)
    ann.begin(RunRequest(world.jobs["a"]))
    world.machine.reboot()
    bob = person_of(world)
    bob.in_the_way("b")
    assert bob.begin(RunRequest(world.jobs["b"])) is not None
    assert [v.payload(entry).outcome for entry in world.entries(v.RunFinished)] == ["lost"]


def test_an_attempt_gets_the_lock_of_a_holder_that_died_unwatched() -> None:
    """It waited for the lock when the process that held it was killed, and nobody else looks."""
    world = World(job("a", locks=["db"], retry=RETRY), job("b", locks=["db"]))
    world.edit()
    world.machine.behaviour = lambda launch: Process(60.0, 1 if launch.attempt == 1 else 0)
    ann, bob = person_of(world), person_of(world)
    first = ann.begin(RunRequest(world.jobs["a"]))
    world.clock.pass_(60.0)
    turn(ann)
    assert bob.begin(RunRequest(world.jobs["b"])) is not None
    world.clock.pass_(40.0)
    turn(ann)
    assert len(world.entries(v.RunStarted)) == 2, "its second attempt waits for the lock"
    killed = world.state.runs[world.entries(v.RunStarted)[-1].run or 0]
    assert killed.executor is not None
    world.machine.alive.discard(killed.executor)
    world.machine.processes.pop((killed.number, 1))
    turn(ann)
    assert world.told("b")[-1] == "lost"
    assert world.entries(v.RunStarted)[-1].run == first
    assert list(illegal_entries(world.entries())) == []


def test_an_attempt_that_is_due_comes_before_a_younger_run() -> None:
    """It asks for its lock anew, and a run that waits for a scheduler stands in nobody's way."""
    world = World(job("a", locks=["db"], retry=RETRY), job("b", locks=["db"]), job("c", locks=["db"]))
    world.edit()
    world.person(v.RunRequested(executor="scheduler"), "c", run=-1)
    world.machine.behaviour = lambda launch: Process(60.0, 1 if launch.attempt == 1 else 0)
    ann, bob = person_of(world), person_of(world)
    first = ann.begin(RunRequest(world.jobs["a"]))
    world.clock.pass_(60.0)
    turn(ann)
    bob.in_the_way("b")
    assert bob.begin(RunRequest(world.jobs["b"])) is not None
    world.clock.pass_(50.0)
    turn(ann)
    assert len(world.entries(v.RunStarted)) == 2, "its second attempt waits for the lock"
    world.clock.pass_(10.0)
    turn(bob)
    assert bob.begin(RunRequest(world.jobs["b"])) is None
    assert bob.lock_in_the_way(world.jobs["b"]) == LockWait(name="db", behind=first)
    turn(ann)
    assert [entry.run for entry in world.entries(v.RunStarted)][::2] == [first, first]
    world.clock.pass_(60.0)
    turn(ann)
    audit_runs(world.entries(), None, at_rest=False, capacities={})


def test_runs_that_wait_for_a_scheduler_come_first_once_one_serves(tmp_path: Path) -> None:
    """Until then nobody would start them, and a person need not wait for that."""
    world = World(job("a", locks=["db"]), job("b", locks=["db"]))
    world.edit()
    (older,) = world.say(
        lambda state: [v.event(v.RunRequested(executor="scheduler"), "user:ann@sim", job="a", run=-1)]
    )
    home = Home(tmp_path)
    person = person_of(world, home=home)
    person.in_the_way("b")
    assert person.lock_in_the_way(world.jobs["b"]) is None
    lock = SchedulerLock.take(home.scheduler_lock, Holder(1, "sim", world.clock.wall))
    assert person.begin(RunRequest(world.jobs["b"])) is None
    assert person.lock_in_the_way(world.jobs["b"]) == LockWait(name="db", behind=older.seq)
    lock.release()
    assert person.begin(RunRequest(world.jobs["b"])) is not None


def test_a_run_takes_the_locks_of_the_definition_on_record() -> None:
    """Another process has recorded an edit since this one read the config: what is in force binds both."""
    world, local = unserved(0)
    read = world.jobs["a"]
    edited = job("a", locks=["db"], overlap="queue")
    world.edit(edited)
    number = local.begin(RunRequest(read))
    (start,) = (v.payload(entry) for entry in world.entries(v.RunStarted))
    assert start.locks == {"db": 1}
    assert start.command_sha256 == command_digest(edited)
    assert local.begin(RunRequest(read)) is None, f"run {number} holds it"
    world.clock.pass_(2.0)
    turn(local)
    check(world)

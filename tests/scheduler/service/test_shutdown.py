from __future__ import annotations

import signal
from collections.abc import Callable, Sequence

import pytest

from eventstore.errors import Unavailable
from scheduler import vocabulary as v
from scheduler.definition import Shutdown
from scheduler.service.announcements import Announcement, CannotLeave, Killing, Leaving, Stopping
from scheduler.service.shutdown import OrderlyStop, StoppedRuns
from tests.support.audit import audit
from tests.support.world import Process, World, job

Signals = Callable[[float], Sequence[int]]
GRACE_S, HOUR_S = 30.0, 3_600.0


def serving(*, runs_s: float = HOUR_S, timeout_ms: int | None = None) -> World:
    """A scheduler with two runs that have been going for a minute, and take so long."""
    world = World(job("one", timeout_ms=timeout_ms), job("other", timeout_ms=timeout_ms))
    world.machine.behaviour = lambda launch: Process(runs_s, 7)
    world.start()
    world.run(HOUR_S + 60.0)
    return world


def stop(
    world: World,
    shutdown: Shutdown,
    *,
    signals: Signals = lambda now_s: (),
    announce: Callable[[Announcement], None] = lambda announcement: None,
) -> StoppedRuns:
    """What an orderly stop makes of the runs; `signals` come at seconds since it began."""
    assert world.scheduler is not None
    began_s = world.clock.monotonic_s

    def turn_and_wait(most_s: float) -> Sequence[int]:
        world.turn()
        world.clock.pass_(min(most_s, world.wait_s) or 0.001)
        return signals(world.clock.monotonic_s - began_s)

    stopping = OrderlyStop(
        world.scheduler,
        world.supervisor,
        world.clock,
        shutdown,
        grace_s=GRACE_S,
        patience_s=60.0,
        turn_and_wait=turn_and_wait,
        announce=announce,
    )
    return stopping.run(hurried=False)


def outcomes(world: World) -> list[str]:
    """How the runs came out that have ended, in the order of the ledger."""
    return [v.payload(entry).outcome for entry in world.entries(v.RunFinished)]


def test_stop_gives_runs_their_grace() -> None:
    """With `stop`, a run that ends within the grace has its own result, and the others are cancelled after it."""
    world, announced = serving(), list[Announcement]()
    world.machine.behaviour = lambda launch: Process(10.0, 0)
    world.person(v.RunRequested(executor="scheduler"), "one")
    world.edit(job("one", overlap="allow"))
    world.run(1.0)
    began_s = world.clock.monotonic_s
    assert stop(world, "stop", announce=announced.append) == StoppedRuns(stopped=2, left=0)
    assert outcomes(world) == ["succeeded", "cancelled", "cancelled"]
    assert GRACE_S <= world.clock.monotonic_s - began_s < GRACE_S + 5.0
    assert announced == [Stopping(3)]


def test_wait_waits_however_long_it_takes() -> None:
    """With `wait`, nothing is stopped and nothing new is started: the scheduler ends with its last run."""
    world, announced = serving(runs_s=3 * HOUR_S), list[Announcement]()
    world.edit(job("one"), job("other"), job("frequent", "*/5 * * * *"))
    world.turn()
    started = len(world.entries(v.RunStarted))
    assert stop(world, "wait", announce=announced.append) == StoppedRuns(stopped=0, left=0)
    assert outcomes(world) == ["failed", "failed"]
    assert len(world.entries(v.RunStarted)) == started
    assert announced == [Stopping(2, however_long=True)]


def test_a_second_signal_ends_the_wait() -> None:
    """A person who waits no longer has the runs killed at once."""
    world, announced = serving(), list[Announcement]()
    signals: Signals = lambda now_s: [signal.SIGINT] if now_s >= 100.0 else []  # noqa: E731
    began_s = world.clock.monotonic_s
    assert stop(world, "wait", signals=signals, announce=announced.append) == StoppedRuns(2, 0)
    assert outcomes(world) == ["cancelled", "cancelled"]
    assert world.clock.monotonic_s - began_s < 110.0
    assert Killing() in announced


@pytest.mark.parametrize("shutdown", ["stop", "wait"])
def test_a_second_signal_kills_the_runs(shutdown: Shutdown) -> None:
    """Also within the grace, the runs are killed at once."""
    world = serving()
    signals: Signals = lambda now_s: [signal.SIGTERM] if now_s >= GRACE_S / 3 else []  # noqa: E731
    began_s = world.clock.monotonic_s
    assert stop(world, shutdown, signals=signals) == StoppedRuns(2, 0)
    assert outcomes(world) == ["cancelled", "cancelled"]
    assert world.clock.monotonic_s - began_s < GRACE_S


def test_leave_leaves_what_goes_and_the_next_scheduler_takes_it_over() -> None:
    """With `leave`, the scheduler is gone at once; its runs are adopted, and their timeouts go on counting."""
    world, announced = serving(timeout_ms=600_000), list[Announcement]()
    assert stop(world, "leave", announce=announced.append) == StoppedRuns(stopped=0, left=2)
    assert announced == [Leaving(2)]
    assert outcomes(world) == []
    world.crash()
    world.clock.pass_(300.0)
    world.start()
    assert len(world.entries(v.RunAdopted)) == 2
    world.run(230.0)
    assert outcomes(world) == []
    world.run(20.0)
    assert outcomes(world) == ["timed_out", "timed_out"]


def test_leave_waits_for_what_is_being_stopped_and_records_what_has_ended() -> None:
    """Half a stop is left to nobody, and what ended before the scheduler did has its result."""
    world, announced = serving(runs_s=61.0), list[Announcement]()
    world.machine.behaviour = lambda launch: Process(HOUR_S, 0)
    world.run(61.0)
    requested = world.person(v.RunRequested(executor="scheduler"), "one")
    kept = world.person(v.RunRequested(executor="scheduler"), "other")
    world.run(1.0)
    world.person(v.RunCancelRequested(), "one", run=requested.seq)
    assert stop(world, "leave", announce=announced.append) == StoppedRuns(stopped=0, left=1)
    assert outcomes(world)[-1] == "cancelled"
    assert list(world.state.runs) == [kept.seq]


def test_process_1_cannot_leave_anything(monkeypatch: pytest.MonkeyPatch) -> None:
    """With process 1 of a container all others end: there runs are stopped, and that is said."""
    world, announced = serving(), list[Announcement]()
    monkeypatch.setattr("os.getpid", lambda: 1)
    assert stop(world, "leave", announce=announced.append) == StoppedRuns(stopped=2, left=0)
    assert announced[0] == CannotLeave()
    assert outcomes(world) == ["cancelled", "cancelled"]


@pytest.mark.parametrize("shutdown", ["stop", "wait", "leave"])
def test_results_that_cannot_be_recorded_are_waited_for_within_reason(shutdown: Shutdown) -> None:
    """On a full disk a stop gives up in the end, and says that results are not recorded."""
    world = serving(runs_s=120.0)

    def full(_events: object) -> None:
        raise Unavailable("the disk is full")

    world.store.before_commit = full
    world.clock.pass_(120.0)
    began_s = world.clock.monotonic_s
    with pytest.raises(Unavailable, match="results cannot be recorded"):
        stop(world, shutdown)
    assert world.clock.monotonic_s - began_s < 100.0


def test_what_ends_unwatched_is_lost_and_what_was_cancelled_meanwhile_is_stopped() -> None:
    """Between two schedulers nobody sees how a run ends; a cancel that was typed then still reaches the run."""
    world = serving()
    first, second = world.state.runs
    stop(world, "leave")
    world.crash()
    del world.machine.processes[first, 1]
    world.person(v.RunCancelRequested(), world.state.runs[second].job, run=second)
    world.start()
    world.run(1.0)
    assert {entry.run: v.payload(entry).outcome for entry in world.entries(v.RunFinished)} == {
        first: "lost",
        second: "cancelled",
    }


def test_what_the_machine_took_with_it_is_lost() -> None:
    """After a boot no process of before is there, whatever has its number now."""
    world = serving()
    runs = set(world.state.runs)
    stop(world, "leave")
    world.crash()
    world.machine.reboot()
    world.start()
    world.run(1.0)
    assert {entry.run for entry in world.entries(v.RunFinished)} == runs
    assert outcomes(world) == ["lost", "lost"]


def test_a_stop_goes_by_the_schedule_that_is_in_force() -> None:
    """What falls due between an edit and a stop, with no turn in between, is recorded by the edited schedule."""
    world = World(job("often", "*/20 * * * *"))
    world.start()
    world.run(HOUR_S)
    world.edit(job("often", "12 * * * *"))
    world.clock.step(5 * HOUR_S)
    assert world.scheduler is not None
    world.scheduler.begin_stop()
    audit(world.entries(), world.clock.wall)

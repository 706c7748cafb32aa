"""How runs end that reach a limit, and what is said of it."""

from __future__ import annotations

import signal
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Limits
from scheduler.processes import Exit, Launch, LaunchFailed
from scheduler.rules.state import Run
from scheduler.service.attempts.attempt_end import finished
from scheduler.service.attempts.output_limits import OutputLimits
from scheduler.service.attempts.running_attempt import RunningAttempt
from scheduler.service.supervisor import Supervisor
from tests.support.world import Machine, Process, SimulatedSpawner

STARTED = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
RUN = Run(number=41, job="a", trigger="manual", owed_at=STARTED, started=STARTED, attempt=1)


def watched(folder: Path, machine: Machine, limits: Limits) -> Supervisor:
    """A supervisor that has started an attempt of a job with these limits."""
    supervisor = Supervisor(SimulatedSpawner(machine))
    launch = Launch(41, 1, ["x"], {}, str(folder), f"{folder}/out", f"{folder}/err")
    for stream in ("out", "err"):
        (folder / stream).touch()
    running = RunningAttempt(RUN, STARTED, launch, JobDefinition(name="a", limits=limits), v.SCHEDULER)
    supervisor.start([running], machine.clock.read())
    return supervisor


@pytest.mark.parametrize("withstands", [False, True])
def test_what_prints_too_much_is_stopped(tmp_path: Path, withstands: bool) -> None:
    """Its files are looked at now and then; it failed and says why, and what goes on printing is not waited for."""
    machine = Machine()
    machine.behaviour = lambda launch: Process(1_000.0, 0, withstands="term" if withstands else "")
    supervisor = watched(tmp_path, machine, Limits(output_bytes=1_000))
    now = machine.clock.read()
    (tmp_path / "out").write_bytes(b"x" * 600)
    assert supervisor.turn(now) == []
    assert 0 < (supervisor.wake_s(now) or 0) <= 1
    (tmp_path / "err").write_bytes(b"x" * 600)
    assert supervisor.turn(now) == []
    assert supervisor.undisturbed == 1, "the next look is not due"
    machine.clock.pass_(1.1)
    events = supervisor.turn(machine.clock.read())
    assert supervisor.undisturbed == 0
    if withstands:
        (tmp_path / "err").write_bytes(b"x" * 6_000)
        machine.clock.pass_(1.1)
        events = supervisor.turn(machine.clock.read())
    for _ in range(3):
        events += supervisor.turn(machine.clock.read())
    (event,) = events
    assert isinstance(event.data, v.RunFinished)
    assert (event.data.outcome, event.data.error) == ("failed", "its output is longer than its limit of 1kB")
    assert supervisor.wake_s(machine.clock.read()) is None


@pytest.mark.parametrize(("printed_bytes", "wait_s"), [(0, 1.0), (5_000, 1.0), (8_000, 0.25), (9_900, 0.02)])
def test_the_faster_it_prints_the_sooner_is_the_next_look(
    tmp_path: Path, printed_bytes: int, wait_s: float
) -> None:
    """It is when the limit is reached if it goes on as in the second before, 20 ms to 1 s later."""
    machine = Machine()
    machine.behaviour = lambda launch: Process(1_000.0, 0)
    supervisor = watched(tmp_path, machine, Limits(output_bytes=10_000))
    machine.clock.pass_(60)
    supervisor.turn(machine.clock.read())
    (tmp_path / "out").write_bytes(b"x" * printed_bytes)
    machine.clock.pass_(1)
    now = machine.clock.read()
    supervisor.turn(now)
    assert supervisor.wake_s(now) == pytest.approx(wait_s)


def test_the_younger_a_run_the_sooner_is_the_next_look(tmp_path: Path) -> None:
    """It may not have begun to print: each look is when its age has doubled, until that is a second."""
    machine = Machine()
    machine.behaviour = lambda launch: Process(1_000.0, 0)
    supervisor = watched(tmp_path, machine, Limits(output_bytes=10_000))
    waits = []
    for _ in range(9):
        waits.append(supervisor.wake_s(machine.clock.read()) or 0)
        machine.clock.pass_(waits[-1])
        supervisor.turn(machine.clock.read())
    assert waits == pytest.approx([0.02, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1, 1])


def test_each_run_is_looked_at_by_its_own_rate() -> None:
    """A run that prints nothing is looked at once a second beside one that is looked at each 20 ms."""
    looked: list[str] = []
    sizes = count(30, 10)

    def size(path: str, identity: object) -> int:
        looked.append(path)
        return next(sizes) if path == "loud" else 0

    limits, clock = OutputLimits(lambda *said: None, size), Machine().clock
    for number, name in enumerate(("loud", "quiet"), 41):
        launch = Launch(number, 1, ["x"], {}, "", name, "")
        definition = JobDefinition(name="a", limits=Limits(output_bytes=20))
        limits.watch(RunningAttempt(RUN, STARTED, launch, definition, v.SCHEDULER), clock.read().monotonic_s)
    clock.pass_(60)
    limits.turn(clock.read())
    looked.clear()
    for _ in range(40):
        clock.pass_(limits.wake_s(clock.read().monotonic_s) or 0.0)
        limits.turn(clock.read())
    assert looked.count("quiet") <= 1
    assert looked.count("loud") == 40


def test_nobody_looks_at_what_has_no_limit(tmp_path: Path) -> None:
    """It may print as much as it wants, and the loop sleeps."""
    machine = Machine()
    machine.behaviour = lambda launch: Process(1_000.0, 0)
    supervisor = watched(tmp_path, machine, Limits(nice=5))
    (tmp_path / "out").write_bytes(b"x" * 6_000)
    machine.clock.pass_(2)
    assert supervisor.turn(machine.clock.read()) == []
    assert supervisor.undisturbed == 1
    assert supervisor.wake_s(machine.clock.read()) is None


CPU = Limits(cpu_time_ms=1_800_000)


@pytest.mark.parametrize(("limits", "end", "error"), [
    (CPU, Exit(41, 1, None, signal.SIGXCPU, 1_800_100, 1), "used its cpu_time of 30m"),
    (CPU, Exit(41, 1, 128 + signal.SIGXCPU, None, 1_800_100, 1), "used its cpu_time of 30m"),
    (CPU, Exit(41, 1, None, signal.SIGKILL, 1_805_000, 1), "used its cpu_time of 30m"),
    (CPU, Exit(41, 1, None, signal.SIGKILL, 5, 1), None),
    (CPU, Exit(41, 1, None, signal.SIGTERM, 1_805_000, 1), None),
    (None, Exit(41, 1, None, signal.SIGXCPU, 5, 1), None),
    (Limits(memory_bytes=2 * 10**9), Exit(41, 1, None, signal.SIGKILL, 5, 1, out_of_memory=True),
     "killed by the memory limit of 2GB"),
    (None, Exit(41, 1, None, signal.SIGKILL, 5, 1, out_of_memory=True), "killed by the memory limit"),
    (CPU, Exit(41, 1, 126, None, 5, 1, refusal=LaunchFailed("cannot start x", 126)), "cannot start x"),
])  # fmt: skip
def test_the_limit_that_ended_a_run_is_named(limits: Limits | None, end: Exit, error: str | None) -> None:
    """It failed; where the kernel does not tell that it was the limit, nothing is claimed."""
    definition = JobDefinition(name="a", limits=limits, success_codes=(126,))
    running = RunningAttempt(RUN, STARTED, Launch(41, 1, ["x"], {}, "", "", ""), definition, v.SCHEDULER)
    running.exit, running.exit_code = end, end.exit_code
    running.error = None if end.refusal is None else str(end.refusal)
    payload = finished(running).data
    assert isinstance(payload, v.RunFinished)
    assert (payload.outcome, payload.error) == ("failed", error)

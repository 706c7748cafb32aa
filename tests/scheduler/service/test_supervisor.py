from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec.structs import replace

from eventstore.memory import MemoryStore
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import Survivor
from scheduler.processes import Exit, Launch, Orphan, OutputDigest, PosixSpawner
from scheduler.rules.evolve import evolve
from scheduler.rules.state import Executor, Run, State
from scheduler.service.attempts.attempt_end import finished
from scheduler.service.attempts.running_attempt import RunningAttempt
from scheduler.service.supervisor import Supervisor
from scheduler.system_clock import SystemClock
from tests.support.world import Machine, NoOutput, Process, SimulatedSpawner

STARTED = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


def ended(folder: Path, *, launched: bool = True, error: str | None = None) -> v.RunFinished:
    """What is recorded about an attempt whose output is what is in the folder now."""
    launch = Launch(41, 1, ["x"], {}, str(folder), f"{folder}/out", f"{folder}/err")
    run = Run(number=41, job="a", trigger="manual", owed_at=STARTED, started=STARTED, attempt=1)
    running = RunningAttempt(run, STARTED, launch, JobDefinition(name="a"), v.SCHEDULER)
    running.error, running.exit_code = error, 0
    running.exit = Exit(41, 1, 0, None, None, None) if launched else None
    running.digests = (OutputDigest(launch.stdout), OutputDigest(launch.stderr))
    for digest in running.digests:
        digest.advance()
    payload = finished(running).data
    assert isinstance(payload, v.RunFinished)
    return payload


def test_output_that_cannot_be_read_is_said(tmp_path: Path) -> None:
    """Why there is no digest of output stands in the run's error, behind what else went wrong."""
    (tmp_path / "out").mkdir()
    (tmp_path / "err").write_text("")
    assert ended(tmp_path).error == "output: it is not a regular file"
    (tmp_path / "err").write_text("")
    assert ended(tmp_path, error="stopped").error == "stopped; output: it is not a regular file"
    assert ended(tmp_path).error == "output: it is not a regular file; output: it was deleted"


def test_output_that_is_as_it_should_be_is_no_error(tmp_path: Path) -> None:
    """Neither output that was read, nor none, nor that of a process that never was, is an error."""
    (tmp_path / "out").write_text("hello")
    (tmp_path / "err").write_text("")
    assert ended(tmp_path).error is None
    assert ended(tmp_path, launched=False, error="program not found").error == "program not found"


def test_errors_are_bounded(tmp_path: Path) -> None:
    """However long an error is, the entry that records it is not."""
    error = ended(tmp_path, error="x" * 70_000).error
    assert error is not None
    assert len(error) == 2_000


def test_planted_output_is_nobodys(tmp_path: Path) -> None:
    """Text under the name of an output file is no run's output: the run fails, says why, and has no digest."""
    (tmp_path / "out").write_text("planted")
    launch = Launch(
        41, 1, ["true"], {"PATH": "/usr/bin:/bin"}, str(tmp_path), f"{tmp_path}/out", f"{tmp_path}/err"
    )
    run = Run(number=41, job="a", trigger="manual", owed_at=STARTED, started=STARTED, attempt=1)
    spawner = PosixSpawner("ledger")
    supervisor, now = Supervisor(spawner), SystemClock().read()
    supervisor.start([RunningAttempt(run, STARTED, launch, JobDefinition(name="a"), v.SCHEDULER)], now)
    (event,) = supervisor.turn(now)
    spawner.close()
    assert isinstance(event.data, v.RunFinished)
    assert (event.data.outcome, event.data.exit_code) == ("failed", 126)
    assert event.data.error is not None
    assert "out: something that this run did not write stands there" in event.data.error
    assert (event.data.stdout_bytes, event.data.stdout_sha256) == (0, None)
    assert (tmp_path / "out").read_text() == "planted"


def outcome(codes: list[int], exit_code: int | None, *, launched: bool = True) -> tuple[str, str | None]:
    """Outcome and error of an attempt of a job with these success codes."""
    run = Run(number=41, job="a", trigger="manual", owed_at=STARTED, started=STARTED, attempt=1)
    definition = JobDefinition(name="a", success_codes=tuple(codes))
    running = RunningAttempt(run, STARTED, Launch(41, 1, ["x"], {}, "", "", ""), definition, v.SCHEDULER)
    running.exit_code = exit_code
    running.exit = Exit(41, 1, exit_code, None, None, None) if launched else None
    payload = finished(running).data
    assert isinstance(payload, v.RunFinished)
    return payload.outcome, payload.error


def test_the_job_says_which_exit_codes_are_success() -> None:
    """With `success_codes` those count, and 0 only if it is among them; then the record says why it failed."""
    assert outcome([], 0) == ("succeeded", None)
    assert outcome([], 3) == ("failed", None)
    assert outcome([0, 3], 3) == ("succeeded", None)
    assert outcome([0, 3], 4) == ("failed", None)
    assert outcome([3, 4], 0) == ("failed", "as success counts exit code 3, 4 alone")
    assert outcome([3], None) == ("unknown", None)


def test_a_program_that_was_not_found_is_no_success() -> None:
    """The code with which a shell says that is the job's own only if a process ended with it."""
    assert outcome([127], 127) == ("succeeded", None)
    assert outcome([127], 127, launched=False)[0] == "failed"


@pytest.mark.parametrize("adopted", [False, True])
def test_output_that_holds_a_text_fails_a_run(tmp_path: Path, adopted: bool) -> None:
    """It failed, with the exit code that it had, and says which text stands where; of an adopted run too."""
    machine = Machine()
    machine.behaviour = lambda launch: Process(5.0, 0)
    executor = Executor("sim", "boot", 1, 1)
    run = Run(41, "a", "manual", STARTED, started=STARTED, attempt=1, executor=executor)
    launch = Launch(41, 1, ["x"], {}, str(tmp_path), f"{tmp_path}/out", f"{tmp_path}/err")
    definition = JobDefinition(name="a", fail_on_output=("no", "disk full"))
    watching = Supervisor(SimulatedSpawner(machine))
    watching.start([RunningAttempt(run, STARTED, launch, definition, v.SCHEDULER)], machine.clock.read())
    if adopted:
        watching = Supervisor(SimulatedSpawner(machine))
        watching.adopt([RunningAttempt(run, STARTED, launch, definition, v.SCHEDULER)], machine.clock.read())
    (tmp_path / "out").write_text("fine\n")
    (tmp_path / "err").write_text("a\nb: disk full\n")
    machine.clock.pass_(6)
    (event,) = watching.turn(machine.clock.read())
    assert isinstance(event.data, v.RunFinished)
    assert (event.data.outcome, event.data.exit_code) == ("failed", None if adopted else 0)
    assert event.data.error == "its output holds 'disk full' (stderr, line 2)"


def test_output_that_cannot_be_searched_fails_a_run(tmp_path: Path) -> None:
    """Where a text may have stood that nobody can look for, nothing is called a success."""
    machine = Machine()
    run = Run(41, "a", "manual", STARTED, started=STARTED, attempt=1)
    launch = Launch(41, 1, ["x"], {}, str(tmp_path), f"{tmp_path}/out", f"{tmp_path}/err")
    definition = JobDefinition(name="a", fail_on_output=("no",))
    supervisor = Supervisor(SimulatedSpawner(machine))
    (tmp_path / "err").write_text("")
    supervisor.start([RunningAttempt(run, STARTED, launch, definition, v.SCHEDULER)], machine.clock.read())
    (event,) = supervisor.turn(machine.clock.read())
    assert isinstance(event.data, v.RunFinished)
    assert event.data.outcome == "failed"
    assert event.data.error == "output: it was deleted, so it cannot be searched for texts"


class Withstanding(SimulatedSpawner):
    """Of each run one descendant withstands."""

    def alive(self, run: int, attempt: int, orphan: Orphan | None = None) -> bool:
        """It does."""
        del run, attempt, orphan
        return True

    def survivors(self, run: int, attempt: int) -> list[Survivor]:
        """That one."""
        del run, attempt
        return [Survivor(pid=4_711, start_ticks=98_770, uid=0, program="sudo")]


def test_what_could_not_be_stopped_is_on_record(tmp_path: Path) -> None:
    """Descendants that withstand do not hold their run up for ever: it ends, names them, and the state knows them."""
    machine = Machine()
    machine.behaviour = lambda launch: Process(1_000.0, 0)
    supervisor = Supervisor(Withstanding(machine), NoOutput)
    launch = Launch(41, 1, ["x"], {}, str(tmp_path), f"{tmp_path}/out", f"{tmp_path}/err")
    executor = Executor("sim", "boot", 1, 1)
    run = Run(41, "a", "manual", STARTED, started=STARTED, attempt=1, executor=executor)
    supervisor.start(
        [RunningAttempt(run, STARTED, launch, JobDefinition(name="a"), v.SCHEDULER)], machine.clock.read()
    )
    supervisor.stop(41, "cancelled", "stopped", machine.clock.read())
    began_s, events = machine.clock.monotonic_s, list[Event]()
    while not events and machine.clock.monotonic_s < began_s + 60:
        events = supervisor.turn(machine.clock.read())
        machine.clock.pass_(1)
    assert 10 < machine.clock.monotonic_s - began_s < 30
    (event,) = events
    assert isinstance(event.data, v.RunFinished)
    assert event.data.error == "stopped; could not be stopped and still running: pid 4711 (sudo, uid 0)"
    assert [one.pid for one in event.data.survivors] == [4_711]
    entries = MemoryStore(clock=lambda: STARTED).append([event])
    state = State(runs={41: run})
    evolve(state, replace(entries[0], seq=0))
    assert [(left.run, left.job, left.boot_id) for left in state.left_running] == [(41, "a", "boot")]

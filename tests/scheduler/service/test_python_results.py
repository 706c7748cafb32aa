"""How an attempt of a Python job came out: by its result, whatever its process says with its exit code."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.clock import Reading
from scheduler.definition import JobDefinition
from scheduler.processes import Exit, Launch, Launched, LaunchFailed, OutputDigest
from scheduler.python_jobs.attempt_result import AttemptResult, write_result
from scheduler.rules.state import Run
from scheduler.service.attempts.running_attempt import RunningAttempt
from scheduler.service.supervisor import Supervisor
from scheduler.system_clock import SystemClock
from tests.support.world import SimulatedSpawner

STARTED = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PYTHON = JobDefinition(name="a", python="a:b")
COMMAND = JobDefinition(name="a", command="x")
MAINTENANCE = JobDefinition(name="log-cleanup")
DONE = AttemptResult(
    secret_sha256="5e", succeeded=True, message="done", items_processed=3, metrics={"rows": 3}
)
FAILED = AttemptResult(secret_sha256="5e", error="ValueError: no", items_failed=2)


class OneExit(SimulatedSpawner):
    """Processes that have all ended the same way when they are first looked at."""

    def __init__(self, ended: Exit) -> None:
        self._ended = [ended]

    def launch(self, launches: Any) -> Any:
        """Start none."""
        return [LaunchFailed("no such program", 127) for _ in launches]

    def adopt(self, orphans: Any) -> dict[int, float | None]:
        """All of them live."""
        return {orphan.run: 1.0 for orphan in orphans}

    def exits(self) -> list[Exit]:
        """The one, once."""
        ended, self._ended = self._ended, []
        return ended

    def terminate(self, run: int, attempt: int) -> None:
        """Ask nobody."""

    def alive(self, run: int, attempt: int, orphan: Any = None) -> bool:
        """None is left."""
        del run, attempt, orphan
        return False


class Started(OneExit):
    """One whose process was started here."""

    def launch(self, launches: Any) -> Any:
        """Start all."""
        return [Launched(1, 0.0) for _ in launches]


def attempt_in(folder: Path, definition: JobDefinition) -> RunningAttempt:
    """An attempt whose files stand in a folder."""
    launch = Launch(41, 1, ["x"], {}, str(folder), f"{folder}/41-1.stdout", f"{folder}/41-1.stderr")
    run = Run(number=41, job="a", trigger="manual", owed_at=STARTED, started=STARTED, attempt=1)
    run.secret_sha256 = "5e"
    for stream in ("stdout", "stderr"):
        (folder / f"41-1.{stream}").write_text("")
    return RunningAttempt(run, STARTED, launch, definition, v.SCHEDULER)


def finished(events: list[Event]) -> v.RunFinished:
    """The payload of the one that says how it ended."""
    (event,) = events
    assert isinstance(event.data, v.RunFinished)
    return event.data


def ended(
    folder: Path, result: AttemptResult | None, definition: JobDefinition = PYTHON, *, code: int | None = 0,
    signal: int | None = None, cancelled: bool = False,
) -> v.RunFinished:  # fmt: skip
    """What is recorded of an attempt that was adopted and ended so, leaving this result."""
    running = attempt_in(folder, definition)
    if result is not None:
        write_result(f"{folder}/41-1.result", result)
    supervisor, now = (
        Supervisor(OneExit(Exit(41, 1, code, signal, None, None)), OutputDigest),
        SystemClock().read(),
    )
    supervisor.adopt([running], now)
    if cancelled:
        supervisor.stop(41, "cancelled", "cancelled by user:ann", now)
    return finished(_all_turns(supervisor, now))


def _all_turns(supervisor: Supervisor, now: Reading) -> list[Event]:
    events: list[Event] = []
    for _ in range(5):
        events += supervisor.turn(now)
    return events


@pytest.mark.parametrize(("result", "code", "signal", "outcome", "error"), [
    (DONE, 0, None, "succeeded", None),
    (DONE, None, None, "succeeded", None),
    (DONE, 3, None, "failed", None),
    (DONE, None, 9, "failed", None),
    (FAILED, 0, None, "failed", "ValueError: no"),
    (FAILED, 1, None, "failed", "ValueError: no"),
    (FAILED, None, None, "failed", "ValueError: no"),
    (None, None, None, "unknown", None),
    (AttemptResult(secret_sha256="07", succeeded=True), 0, None, "failed",
     "its result cannot be read: what stands there is of another attempt"),
])  # fmt: skip
def test_the_result_counts(
    tmp_path: Path,
    result: AttemptResult | None,
    code: int | None,
    signal: int | None,
    outcome: str,
    error: str,
) -> None:
    """With exit code 0 or one that nobody knows, as of an adopted run; an exit that is bad in itself stays bad."""
    end = ended(tmp_path, result, code=code, signal=signal)
    assert (end.outcome, end.error) == (outcome, error)


def test_what_it_said_is_recorded(tmp_path: Path) -> None:
    """Also of a run that failed, or that was stopped after it had said it."""
    end = ended(tmp_path, DONE)
    assert (end.message, end.items_processed, end.items_failed, end.metrics) == ("done", 3, None, {"rows": 3})
    assert ended(tmp_path, FAILED).items_failed == 2
    end = ended(tmp_path, DONE, cancelled=True)
    assert (end.outcome, end.error, end.message) == ("cancelled", "cancelled by user:ann", "done")


def test_a_run_that_began_as_python_keeps_its_result(tmp_path: Path) -> None:
    """Though the job has become a command since; and one that began as a command is judged as one."""
    assert ended(tmp_path, FAILED, COMMAND).outcome == "failed"
    (tmp_path / "41-1.result").unlink()
    assert ended(tmp_path, None, COMMAND).outcome == "succeeded"
    (tmp_path / "41-1.result").write_text("nonsense")
    assert ended(tmp_path, None, COMMAND).outcome == "succeeded"
    (tmp_path / "41-1.result").unlink()
    assert ended(tmp_path, None, PYTHON).outcome == "succeeded"


def test_a_process_that_never_was_said_nothing(tmp_path: Path) -> None:
    """What stands under the name of its result is not read."""
    write_result(f"{tmp_path}/41-1.result", DONE)
    supervisor, now = Supervisor(OneExit(Exit(0, 0, 0, None, None, None))), SystemClock().read()
    supervisor.start([attempt_in(tmp_path, PYTHON)], now)
    end = finished(_all_turns(supervisor, now))
    assert (end.outcome, end.error, end.message) == ("failed", "no such program", None)


@pytest.mark.parametrize(("result", "code", "success_codes", "outcome", "error"), [
    (DONE, 0, [], "succeeded", None),
    (FAILED, 1, [], "failed", "ValueError: no"),
    (FAILED, 1, [0, 1], "succeeded", None),
    (FAILED, None, [], "failed", "ValueError: no"),
    (DONE, None, [], "succeeded", None),
    (AttemptResult(secret_sha256="07", error="forged"), 0, [], "succeeded", None),
])  # fmt: skip
def test_of_a_maintenance_job_the_exit_code_counts(
    tmp_path: Path,
    result: AttemptResult,
    code: int | None,
    success_codes: list[int],
    outcome: str,
    error: str | None,
) -> None:
    """As of a command, where it is known; what it said is recorded beside it."""
    end = ended(
        tmp_path, result, msgspec.structs.replace(MAINTENANCE, success_codes=success_codes), code=code
    )
    said = None if result.error == "forged" else result
    assert (end.outcome, end.error) == (outcome, error)
    assert (end.items_processed, end.items_failed) == (
        (None, None) if said is None else (said.items_processed, said.items_failed)
    )


def test_a_maintenance_job_may_leave_no_result(tmp_path: Path) -> None:
    """It works on where none can be written."""
    supervisor, now = Supervisor(Started(Exit(41, 1, 0, None, None, None))), SystemClock().read()
    supervisor.start([attempt_in(tmp_path, MAINTENANCE)], now)
    end = finished(_all_turns(supervisor, now))
    assert (end.outcome, end.error, end.message) == ("succeeded", None, None)

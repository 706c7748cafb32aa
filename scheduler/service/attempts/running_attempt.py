"""One attempt from its beginning to the record of its end, and what a Python job said of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Literal

from scheduler.definition import JobDefinition
from scheduler.entry_members import Survivor
from scheduler.processes.output.output import OutputDigest
from scheduler.processes.spawner import Exit, FileIdentity, Launch
from scheduler.rules.state import Run

if TYPE_CHECKING:
    from scheduler.python_jobs.attempt_result import AttemptResult

StopOutcome = Literal["timed_out", "cancelled", "failed"]


class RunningAttempt:
    """One attempt that has begun and is not recorded as finished.

    Args:
        run: the run; started: the `time` of its `run.started`.
        launch: what is started.
        definition: of its job: it says how long the attempt may take.
        actor: who records how it ends.
    """

    def __init__(
        self, run: Run, started: datetime, launch: Launch, definition: JobDefinition, actor: str
    ) -> None:
        self.run, self.started, self.launch, self.actor = run, started, launch, actor
        self.kill_after_s = definition.kill_after_ms / 1000
        self.definition = definition
        self.timeout_s = None if definition.timeout_ms is None else definition.timeout_ms / 1000
        self.started_mono_s: float | None = None
        self.deadline_s: float | None = None
        self.stopping: StopOutcome | None = None
        self.error: str | None = None
        self.kill_at_s: float | None = None
        self.give_up_at_s: float | None = None
        self.survivors: list[Survivor] = []
        self.exit: Exit | None = None
        self.exit_code: int | None = None
        self.duration_ms: int | None = None
        self.outputs: tuple[FileIdentity | None, ...] = (None, None)
        self.digests: tuple[OutputDigest, ...] | None = None
        self.adopted = False
        self.result: AttemptResult | None = None

    @property
    def refused(self) -> bool:
        """Whether its process ended before its program began."""
        return self.exit is not None and self.exit.refusal is not None

    @property
    def key(self) -> tuple[int, int]:
        """Run and attempt."""
        return self.launch.key


def said_by(running: RunningAttempt) -> AttemptResult | None:
    """What a Python job said of an attempt that has ended; None if it was none.

    A maintenance job works on where its result cannot be written: then it said nothing.
    """
    from scheduler.python_jobs.attempt_result import AttemptResult, UnfitResult, read_result
    from scheduler.python_jobs.request import result_path

    path = result_path(running.launch.stdout)
    try:
        found = read_result(path, running.run.secret_sha256)
    except UnfitResult as unfit:
        return None if running.definition.python is None else AttemptResult(error=str(unfit))
    if found is None and running.definition.python is not None and not running.adopted:
        return AttemptResult(error="its process left no result")
    return found

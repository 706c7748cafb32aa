"""Supervision: the runs that are going, from launch to the `run.finished` that tells how they ended.

It starts processes, enforces deadlines (SIGTERM, then SIGKILL after a grace, until no descendant is left), and turns
exits into events. It records nothing: its owner does, and asks again until it is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Literal

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.clock import Reading
from scheduler.definition import JobDefinition
from scheduler.processes.output import OutputDigest
from scheduler.processes.spawner import Exit, Launch, LaunchFailed, Spawner
from scheduler.rules.state import Run

StopOutcome = Literal["timed_out", "cancelled"]

STOPPING_LOOK_S = 0.05
"""How often a tree that was asked to stop is looked at."""
DIGEST_SLICE_BYTES = 4 * 1024 * 1024
"""At most this much output is hashed in one turn of the loop: a few milliseconds."""
ERROR_MAX_CHARS = 2_000
"""So much of what went wrong is recorded with a run: an entry of the ledger is one line of bounded length."""


class Going:
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
        self.timeout_s = None if definition.timeout_ms is None else definition.timeout_ms / 1000
        self.started_mono_s: float | None = None
        self.deadline_s: float | None = None
        self.stopping: StopOutcome | None = None
        self.error: str | None = None
        self.kill_at_s: float | None = None
        self.exit: Exit | None = None
        self.exit_code: int | None = None
        self.duration_ms: int | None = None
        self.digests: tuple[OutputDigest, OutputDigest] | None = None

    @property
    def key(self) -> tuple[int, int]:
        """Run and attempt."""
        return self.launch.key


class Supervisor:
    """All runs that this process watches.

    Args:
        spawner: starts and stops their processes.
        output: measures a file of captured output.
    """

    def __init__(self, spawner: Spawner, output: Callable[[str], OutputDigest] = OutputDigest) -> None:
        self._spawner, self._output = spawner, output
        self._going: dict[int, Going] = {}
        self._timed: dict[int, Going] = {}
        self._stopping: dict[int, Going] = {}
        self._ended: dict[int, Going] = {}

    def __len__(self) -> int:
        return len(self._going) + len(self._ended)

    def runs(self) -> list[int]:
        """Numbers of the runs whose process is going."""
        return list(self._going)

    @property
    def watched_runs(self) -> frozenset[int]:
        """Numbers of all runs that have not been answered as finished."""
        return frozenset(self._going) | frozenset(self._ended)

    def start(self, goings: Sequence[Going], now: Reading) -> None:
        """Launch the processes of `run.started` entries that are durable.

        A failure to launch is how a run ends. The time of the others counts from their own start, not from the entry:
        to record it, and to start those before it, may have taken a while.
        """
        launched = self._spawner.launch([going.launch for going in goings])
        for going, result in zip(goings, launched, strict=True):
            if isinstance(result, LaunchFailed):
                going.started_mono_s = now.monotonic_s
                going.error, going.exit_code = str(result), result.exit_code
                self._end(going, now)
            else:
                going.started_mono_s = result.started_s
                self._watch(going, result.started_s)

    def adopt(self, candidates: Sequence[Going], now: Reading) -> set[int]:
        """Take over those of the attempts whose process is alive; timeouts count from their start."""
        found = self._spawner.adopt([going.key for going in candidates])
        for going in candidates:
            if going.launch.run not in found:
                continue
            elapsed_s = max(0.0, (now.wall - going.started).total_seconds())
            self._watch(going, now.monotonic_s - elapsed_s)
        return found

    def _watch(self, going: Going, since_s: float) -> None:
        self._going[going.launch.run] = going
        if going.timeout_s is not None:
            going.deadline_s = since_s + going.timeout_s
            self._timed[going.launch.run] = going

    def stop(self, run: int, outcome: StopOutcome, error: str, now: Reading) -> bool:
        """Ask a run to stop; whether it was going. A second call changes nothing."""
        going = self._going.get(run)
        if going is None:
            return False
        if going.stopping is None:
            going.stopping, going.error = outcome, error
            going.kill_at_s = now.monotonic_s + going.kill_after_s
            self._timed.pop(run, None)
            self._stopping[run] = going
            self._spawner.terminate(*going.key)
        return True

    def hurry(self, now: Reading) -> None:
        """Kill at once what was asked to stop."""
        for going in self._stopping.values():
            going.kill_at_s = now.monotonic_s

    def turn(self, now: Reading) -> list[Event]:
        """Look at everything without waiting; the events of the runs that are finished for good."""
        for ended in self._spawner.exits():
            going = self._going.get(ended.run)
            if going is not None:
                going.exit, going.exit_code = ended, ended.exit_code
                if going.stopping is None:
                    self._end(going, now)
        for going in list(self._timed.values()):
            if going.deadline_s is not None and now.monotonic_s >= going.deadline_s:
                self.stop(going.launch.run, "timed_out", f"its timeout is {going.timeout_s:g} s", now)
        for going in list(self._stopping.values()):
            self._press(going, now)
        return self._finished()

    def _press(self, going: Going, now: Reading) -> None:
        """A run that was asked to stop: gone with all its descendants, or killed when its grace is over."""
        if going.kill_at_s is not None and now.monotonic_s >= going.kill_at_s:
            self._spawner.kill(*going.key)
            going.kill_at_s = now.monotonic_s + 1.0
        if going.exit is not None and not self._spawner.alive(*going.key):
            self._end(going, now)

    def _end(self, going: Going, now: Reading) -> None:
        run = going.launch.run
        self._going.pop(run, None)
        self._stopping.pop(run, None)
        self._timed.pop(run, None)
        if going.started_mono_s is not None:
            going.duration_ms = round((now.monotonic_s - going.started_mono_s) * 1000)
        elif going.exit is not None:
            going.duration_ms = max(0, (now.wall - going.started) // timedelta(milliseconds=1))
        going.digests = (self._output(going.launch.stdout), self._output(going.launch.stderr))
        self._ended[run] = going

    def _finished(self) -> list[Event]:
        """Hash output, a slice at a time; the runs whose output is hashed whole are done."""
        events = []
        budget_bytes = DIGEST_SLICE_BYTES
        for run, going in list(self._ended.items()):
            assert going.digests is not None
            done = True
            for digest in going.digests:
                before = digest.size_bytes
                done = digest.advance(budget_bytes) and done
                budget_bytes -= digest.size_bytes - before
            if done:
                del self._ended[run]
                events.append(finished(going))
            if budget_bytes <= 0:
                break
        return events

    def wake_s(self, now: Reading) -> float | None:
        """In how many seconds the next look is due; 0 for at once, None for only when a process ends."""
        if self._ended:
            return 0.0
        if self._stopping:
            return STOPPING_LOOK_S
        deadlines = [going.deadline_s for going in self._timed.values() if going.deadline_s is not None]
        return max(0.0, min(deadlines) - now.monotonic_s) if deadlines else None


def outcome_of(going: Going) -> v.Outcome:
    """How an attempt came out."""
    if going.stopping is not None:
        return going.stopping
    if going.exit_code == 0:
        return "succeeded"
    if going.exit is not None and going.exit.exit_code is None and going.exit.signal is None:
        return "unknown"
    return "failed"


def finished(going: Going) -> Event:
    """The event that says how an attempt ended."""
    end = going.exit
    out, err = going.digests or (None, None)
    reasons = [] if going.error is None else [going.error]
    if end is not None:  # a process that never was has no output to speak of
        problems = [
            digest.problem for digest in (out, err) if digest is not None and digest.problem is not None
        ]
        reasons += [f"output: {problem}" for problem in dict.fromkeys(problems)]
    payload = v.RunFinished(
        trigger=going.run.trigger,
        started=going.started,
        duration_ms=going.duration_ms,
        outcome=outcome_of(going),
        attempt=going.launch.attempt,
        scheduled_for=going.run.scheduled_for,
        exit_code=going.exit_code,
        signal=None if end is None else end.signal,
        cpu_ms=None if end is None else end.cpu_ms,
        memory_peak_bytes=None if end is None else end.memory_peak_bytes,
        stdout_bytes=0 if out is None else out.size_bytes,
        stdout_sha256=None if out is None else out.sha256,
        stderr_bytes=0 if err is None else err.size_bytes,
        stderr_sha256=None if err is None else err.sha256,
        error="; ".join(reasons)[:ERROR_MAX_CHARS] or None,
    )
    return v.event(payload, going.actor, job=going.run.job, run=going.run.number)

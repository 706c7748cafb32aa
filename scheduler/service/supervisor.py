"""Supervision: running runs, from their launch to the `run.finished` that says how they ended.

It starts processes, enforces deadlines (SIGTERM, then SIGKILL after a grace, until no descendant is left), and turns
exits into events. It records nothing: its owner records them, and asks again until that is done.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.clock import Reading
from scheduler.definition import JobDefinition
from scheduler.entry_members import Outcome, Survivor
from scheduler.processes.output import OutputDigest
from scheduler.processes.output_files import remove_what_was_lost
from scheduler.processes.spawner import Exit, FileIdentity, Launch, LaunchFailed, Orphan, Spawner
from scheduler.rules.state import Run
from scheduler.service.executor import is_elsewhere

if TYPE_CHECKING:
    from scheduler.python_jobs.attempt_result import AttemptResult

StopOutcome = Literal["timed_out", "cancelled"]

SURVIVAL_S = 10.0
"""So long after the first SIGKILL a run whose main process ended is kept for descendants that withstand."""
SURVIVORS_MAX = 20
"""So many of them are recorded."""
STOPPING_LOOK_S = 0.05
"""How often a tree that was asked to stop is looked at."""
DIGEST_SLICE_BYTES = 4 * 1024 * 1024
"""At most this much output is hashed in one turn of the loop: a few milliseconds."""
ERROR_MAX_CHARS = 2_000
"""So much of what went wrong is recorded with a run: an entry of the ledger is one line of bounded length."""


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
    def key(self) -> tuple[int, int]:
        """Run and attempt."""
        return self.launch.key


def said_by(running: RunningAttempt) -> AttemptResult | None:
    """What a Python job said of an attempt that has ended; None if it was none."""
    from scheduler.python_jobs.attempt_result import AttemptResult, UnfitResult, read_result
    from scheduler.python_jobs.request import result_path

    path = result_path(running.launch.stdout)
    try:
        found = read_result(path, running.run.secret_sha256)
    except UnfitResult as unfit:
        return None if running.definition.python is None else AttemptResult(error=str(unfit))
    if found is None and not running.adopted:
        return AttemptResult(error="its process left no result")
    return found


class Supervisor:
    """All runs that this process watches.

    Args:
        spawner: starts and stops their processes.
        output: measures a file of captured output, given its path and, where known, which file it is.
        said: what a Python job said of an attempt that has ended.
    """

    def __init__(
        self,
        spawner: Spawner,
        output: Callable[[str, FileIdentity | None], OutputDigest] = OutputDigest,
        said: Callable[[RunningAttempt], AttemptResult | None] = said_by,
    ) -> None:
        self._spawner, self._output, self._said = spawner, output, said
        self._running: dict[int, RunningAttempt] = {}
        self._timed: dict[int, RunningAttempt] = {}
        self._stopping: dict[int, RunningAttempt] = {}
        self._ended: dict[int, RunningAttempt] = {}

    def __len__(self) -> int:
        return len(self._running) + len(self._ended)

    def runs(self) -> list[int]:
        """Numbers of the runs whose process is running."""
        return list(self._running)

    @property
    def undisturbed(self) -> int:
        """How many of them nobody has asked to stop."""
        return len(self._running) - len(self._stopping)

    @property
    def watched_runs(self) -> frozenset[int]:
        """Numbers of all runs whose `run.finished` has not been returned yet."""
        return frozenset(self._running) | frozenset(self._ended)

    def secret_sha256(self, run: int, attempt: int) -> str | None:
        """The digest of the secret that an attempt started here will carry."""
        return self._spawner.secret_sha256(run, attempt)

    def tidy(self, in_flight: Container[tuple[int, int]]) -> None:
        """Remove what killed processes left on file about attempts that are not in flight any more."""
        self._spawner.tidy(in_flight)

    def start(self, attempts: Sequence[RunningAttempt], now: Reading) -> None:
        """Launch the processes of `run.started` entries that are durable.

        A failure to launch is how a run ends. The time of the others counts from their own start, not from the entry:
        to record it, and to start those before it, may have taken a while.
        """
        launched = self._spawner.launch([running.launch for running in attempts])
        for running, result in zip(attempts, launched, strict=True):
            if isinstance(result, LaunchFailed):
                running.started_mono_s = now.monotonic_s
                running.error, running.exit_code = str(result), result.exit_code
                running.digests = ()  # what stands under the names of its files is not its output
                self._end(running, now)
            else:
                running.started_mono_s, running.outputs = result.started_s, result.outputs
                self._watch(running, result.started_s)

    def adopt(self, candidates: Sequence[RunningAttempt], now: Reading) -> set[int]:
        """Take over those of the attempts whose process is alive.

        How long they have been going is what the process itself says, not the wall clock, which may have been set
        since. Where nobody knows, a timeout counts from now on: nothing is stopped too early. Empty output files of
        the others are removed.
        """
        orphans = [_orphan(running) for running in candidates]
        ages_s = self._spawner.adopt(orphans)
        for orphan in orphans:
            if orphan.run not in ages_s:
                remove_what_was_lost(orphan)
        for running in candidates:
            if running.launch.run in ages_s:
                age_s = ages_s[running.launch.run]
                if age_s is not None:
                    running.started_mono_s = now.monotonic_s - age_s
                running.adopted = True
                self._watch(running, now.monotonic_s - (age_s or 0.0))
        return set(ages_s)

    def _watch(self, running: RunningAttempt, since_s: float) -> None:
        self._running[running.launch.run] = running
        if running.timeout_s is not None:
            running.deadline_s = since_s + running.timeout_s
            self._timed[running.launch.run] = running

    def stop(self, run: int, outcome: StopOutcome, error: str, now: Reading) -> bool:
        """Ask a run to stop; whether it was running here. A second call changes nothing."""
        running = self._running.get(run)
        if running is None:
            return False
        if running.stopping is None:
            running.stopping, running.error = outcome, error
            running.kill_at_s = now.monotonic_s + running.kill_after_s
            self._timed.pop(run, None)
            self._stopping[run] = running
            self._spawner.terminate(*running.key)
        return True

    def cancel(self, requested: Entry, now: Reading) -> bool:
        """Ask the run to stop that a `run.cancel_requested` names; whether it was running here."""
        if requested.run is None:
            return False
        return self.stop(requested.run, "cancelled", cancel_reason(requested), now)

    def stop_all(self, reason: str, now: Reading) -> int:
        """Ask every run to stop; how many there were."""
        return sum(self.stop(run, "cancelled", reason, now) for run in self.runs())

    def hurry(self, now: Reading) -> None:
        """Kill at once what was asked to stop."""
        for running in self._stopping.values():
            running.kill_at_s = now.monotonic_s

    def turn(self, now: Reading) -> list[Event]:
        """Look at everything without waiting; the events of the runs that are finished for good."""
        for ended in self._spawner.exits():
            running = self._running.get(ended.run)
            if running is not None:
                running.exit, running.exit_code = ended, ended.exit_code
                if running.stopping is None:
                    self._end(running, now)
        for running in list(self._timed.values()):
            if running.deadline_s is not None and now.monotonic_s >= running.deadline_s:
                self.stop(running.launch.run, "timed_out", f"its timeout is {running.timeout_s:g} s", now)
        for running in list(self._stopping.values()):
            self._stop_tree(running, now)
        return self._finished()

    def _stop_tree(self, running: RunningAttempt, now: Reading) -> None:
        """A run that was asked to stop: gone with all its descendants, or killed when its grace is over."""
        if running.kill_at_s is not None and now.monotonic_s >= running.kill_at_s:
            self._spawner.kill(*running.key)
            running.kill_at_s = now.monotonic_s + 1.0
            running.give_up_at_s = running.give_up_at_s or now.monotonic_s + SURVIVAL_S
        if running.exit is None:
            return
        if not self._spawner.alive(*running.key):
            self._end(running, now)
        elif running.give_up_at_s is not None and now.monotonic_s >= running.give_up_at_s:
            running.survivors = self._spawner.survivors(*running.key)
            self._end(running, now)

    def _end(self, running: RunningAttempt, now: Reading) -> None:
        run = running.launch.run
        self._running.pop(run, None)
        self._stopping.pop(run, None)
        self._timed.pop(run, None)
        if running.started_mono_s is not None:
            running.duration_ms = round((now.monotonic_s - running.started_mono_s) * 1000)
        if running.digests is None:
            paths = (running.launch.stdout, running.launch.stderr)
            running.digests = tuple(map(self._output, paths, running.outputs))
            if running.definition.fail_on_output:
                _search(running.digests, running.definition.fail_on_output)
            # An adopted run may have been started by a definition that ran Python, or may not.
            if running.definition.python is not None or running.adopted:
                running.result = self._said(running)
        self._ended[run] = running

    def _finished(self) -> list[Event]:
        """Hash output, a slice at a time; the runs whose output is hashed whole are done."""
        events = []
        budget_bytes = DIGEST_SLICE_BYTES
        for run, running in list(self._ended.items()):
            assert running.digests is not None
            done = True
            for digest in running.digests:
                before = digest.size_bytes
                done = digest.advance(budget_bytes // digest.passes) and done
                budget_bytes -= (digest.size_bytes - before) * digest.passes
            if done:
                del self._ended[run]
                events.append(finished(running))
            if budget_bytes <= 0:
                break
        return events

    def wake_s(self, now: Reading) -> float | None:
        """In how many seconds the next look is due; 0 for at once, None for only when a process ends."""
        if self._ended:
            return 0.0
        if self._stopping:
            return STOPPING_LOOK_S
        deadlines = [running.deadline_s for running in self._timed.values() if running.deadline_s is not None]
        return max(0.0, min(deadlines) - now.monotonic_s) if deadlines else None


def _orphan(running: RunningAttempt) -> Orphan:
    run, launch = running.run, running.launch
    elsewhere = run.executor is not None and is_elsewhere(run.executor)
    return Orphan(*launch.key, run.secret_sha256, elsewhere, (launch.stdout, launch.stderr))


def cancel_reason(requested: Entry) -> str:
    """Why a run is cancelled, as its `run.finished` says it, by the `run.cancel_requested` that asks for it."""
    replaced_by = v.payload(requested).replaced_by
    by_whom = f" by {requested.actor}" if replaced_by is None else f": replaced by run {replaced_by}"
    return f"cancelled{by_whom}"


def _search(digests: Sequence[OutputDigest], texts: Sequence[str]) -> None:
    from scheduler.processes.output_search import OutputSearch

    for digest in digests:
        digest.search = OutputSearch(texts)


def _found(running: RunningAttempt) -> str | None:
    """Which of the texts that its output must not hold stands where in it; None if none does."""
    for stream, digest in zip(("stdout", "stderr"), running.digests or (), strict=False):
        if digest.search is not None and (found := digest.search.found) is not None:
            return f"its output holds {found.text!r} ({stream}, line {found.line})"
    return None


def outcome_of(running: RunningAttempt) -> Outcome:
    """How an attempt came out."""
    if running.stopping is not None:
        return running.stopping
    if running.exit is None or _found(running) is not None:
        return "failed"
    if running.exit_code is None and (running.result is None or running.exit.signal is not None):
        return "unknown" if running.exit.signal is None else "failed"
    if running.definition.fail_on_output and any(each.problem for each in running.digests or ()):
        return "failed"  # what could not be read whole may have held the text
    if running.result is not None or running.exit_code is None:
        said = running.result is not None and running.result.succeeded
        return "succeeded" if said and running.exit_code in (0, None) else "failed"
    return "succeeded" if running.definition.counts_as_success(running.exit_code) else "failed"


def _reasons(running: RunningAttempt, outcome: Outcome) -> list[str]:
    """Why it came out so, and what else is to be said of it."""
    reasons = [] if running.error is None else [running.error]
    definition = running.definition
    # A process that never was has no output to speak of.
    if running.exit is not None:
        code = running.exit.exit_code
        if outcome == "failed" and running.result is not None and running.result.error:
            reasons.append(running.result.error)
        elif outcome == "failed" and code == 0 and not definition.counts_as_success(code):
            codes = ", ".join(map(str, definition.success_codes))
            reasons.append(f"as success counts exit code {codes} alone")
        if outcome == "failed" and (found := _found(running)) is not None:
            reasons.append(found)
        problems = dict.fromkeys(each.problem for each in running.digests or () if each.problem is not None)
        unsearched = ", so it cannot be searched for texts" if definition.fail_on_output else ""
        reasons += [f"output: {problem}{unsearched}" for problem in problems]
    if running.survivors:
        shown = ", ".join(
            f"{one.pid} ({one.program}, uid {one.uid})" for one in running.survivors[:SURVIVORS_MAX]
        )
        reasons.append(f"could not be stopped and still running: pid {shown}")
    return reasons


def _recorded(result: AttemptResult) -> dict[str, Any]:
    return {
        "message": result.message or None,
        "items_processed": result.items_processed,
        "items_failed": result.items_failed,
        "metrics": result.metrics,
    }


def finished(running: RunningAttempt) -> Event:
    """The event that says how an attempt ended."""
    end, outcome = running.exit, outcome_of(running)
    out, err = running.digests or (None, None)
    payload = v.RunFinished(
        trigger=running.run.trigger,
        started=running.started,
        duration_ms=running.duration_ms,
        outcome=outcome,
        attempt=running.launch.attempt,
        scheduled_for=running.run.scheduled_for,
        exit_code=running.exit_code,
        signal=None if end is None else end.signal,
        cpu_ms=None if end is None else end.cpu_ms,
        memory_peak_bytes=None if end is None else end.memory_peak_bytes,
        stdout_bytes=0 if out is None else out.size_bytes,
        stdout_sha256=None if out is None else out.sha256,
        stderr_bytes=0 if err is None else err.size_bytes,
        stderr_sha256=None if err is None else err.sha256,
        error="; ".join(_reasons(running, outcome))[:ERROR_MAX_CHARS] or None,
        survivors=running.survivors[:SURVIVORS_MAX],
        **({} if running.result is None else _recorded(running.result)),
    )
    return v.event(payload, running.actor, job=running.run.job, run=running.run.number)

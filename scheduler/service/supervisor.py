"""Supervision: running runs, from their launch to the `run.finished` that says how they ended.

It starts processes, enforces deadlines (SIGTERM, then SIGKILL after a grace, until no descendant is left), and turns
exits into events. It records nothing: its owner records them, and asks again until that is done.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from typing import TYPE_CHECKING

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.clock import Reading
from scheduler.processes.output.output import OutputDigest
from scheduler.processes.output.output_files import remove_what_was_lost
from scheduler.processes.spawner import FileIdentity, LaunchFailed, Orphan, Spawner
from scheduler.service.attempts.attempt_end import finished, search_for
from scheduler.service.attempts.output_limits import OutputLimits
from scheduler.service.attempts.running_attempt import RunningAttempt, StopOutcome, said_by
from scheduler.service.executor import is_elsewhere

if TYPE_CHECKING:
    from scheduler.python_jobs.attempt_result import AttemptResult

SURVIVAL_S = 10.0
"""So long after the first SIGKILL a run whose main process ended is kept for descendants that withstand."""
STOPPING_LOOK_S = 0.05
"""How often a tree that was asked to stop is looked at."""
DIGEST_SLICE_BYTES = 4 * 1024 * 1024
"""At most this much output is hashed in one turn of the loop: a few milliseconds."""


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
        self._output_limits = OutputLimits(self._stop_for_output)

    def __len__(self) -> int:
        return len(self._running) + len(self._ended)

    def runs(self) -> list[int]:
        """Numbers of the runs whose process is running."""
        return list(self._running)

    def slot_holders(self) -> list[int]:
        """Numbers of the runs that hold a slot: those of `runs`, and those whose end is not on record yet."""
        return [*self._running, *self._ended]

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
        self._output_limits.watch(running, since_s)

    def _stop_for_output(self, running: RunningAttempt, error: str, now: Reading) -> None:
        self.stop(running.launch.run, "failed", error, now)

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
                if ended.refusal is not None:
                    running.error = running.error or str(ended.refusal)
                if running.stopping is None:
                    self._end(running, now)
        for running in list(self._timed.values()):
            if running.deadline_s is not None and now.monotonic_s >= running.deadline_s:
                self.stop(running.launch.run, "timed_out", f"its timeout is {running.timeout_s:g} s", now)
        self._output_limits.turn(now)
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
        self._output_limits.forget(run)
        if running.started_mono_s is not None:
            running.duration_ms = round((now.monotonic_s - running.started_mono_s) * 1000)
        if running.digests is None:
            paths = (running.launch.stdout, running.launch.stderr)
            running.digests = tuple(map(self._output, paths, running.outputs))
            if running.definition.fail_on_output:
                search_for(running.digests, running.definition.fail_on_output)
            # An adopted run may have been started by a definition that ran Python, or may not.
            if (running.definition.command is None or running.adopted) and not running.refused:
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
        waits = [max(0.0, min(deadlines) - now.monotonic_s)] if deadlines else []
        if (look_s := self._output_limits.wake_s(now.monotonic_s)) is not None:
            waits.append(look_s)
        return min(waits, default=None)


def _orphan(running: RunningAttempt) -> Orphan:
    run, launch = running.run, running.launch
    elsewhere = run.executor is not None and is_elsewhere(run.executor)
    user = None if launch.confinement is None else launch.confinement.run_as
    uid = None if user is None else user.uid
    return Orphan(*launch.key, run.secret_sha256, elsewhere, (launch.stdout, launch.stderr), uid)


def cancel_reason(requested: Entry) -> str:
    """Why a run is cancelled, as its `run.finished` says it, by the `run.cancel_requested` that asks for it."""
    replaced_by = v.payload(requested).replaced_by
    by_whom = f" by {requested.actor}" if replaced_by is None else f": replaced by run {replaced_by}"
    return f"cancelled{by_whom}"

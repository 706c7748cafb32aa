"""How an attempt came out, why, and the event that says so."""

from __future__ import annotations

import signal
from collections.abc import Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.entry_members import Outcome
from scheduler.processes.output.output import OutputDigest
from scheduler.schedule.duration import format_duration
from scheduler.service.attempts.running_attempt import RunningAttempt
from scheduler.wording.quantities import size_words

if TYPE_CHECKING:
    from scheduler.python_jobs.attempt_result import AttemptResult

_OF_SHELL = 128
"""A shell that waited for a program adds this to the signal that ended it."""
SURVIVORS_MAX = 20
"""So many of the processes that could not be stopped are recorded."""
ERROR_MAX_CHARS = 2_000
"""So much of what went wrong is recorded with a run: an entry of the ledger is one line of bounded length."""


def search_for(digests: Sequence[OutputDigest], texts: Sequence[str]) -> None:
    """Have the texts looked for that the output must not hold, while it is hashed."""
    from scheduler.processes.output.output_search import OutputSearch

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
    if running.exit is None or running.refused or _found(running) is not None:
        return "failed"
    if running.exit_code is None and (running.result is None or running.exit.signal is not None):
        return "unknown" if running.exit.signal is None else "failed"
    if running.definition.fail_on_output and any(each.problem for each in running.digests or ()):
        return "failed"  # what could not be read whole may have held the text
    # The exit codes of maintenance jobs are documented, and `success_codes` holds for them.
    if running.exit_code is not None and (running.result is None or running.definition.built_in):
        return "succeeded" if running.definition.counts_as_success(running.exit_code) else "failed"
    said = running.result is not None and running.result.succeeded
    return "succeeded" if said and running.exit_code in (0, None) else "failed"


def _limit_reached(running: RunningAttempt) -> str | None:
    """Which limit ended the process; None if none did, as far as the kernel tells."""
    end, limits = running.exit, running.definition.limits
    if end is None or running.refused:
        return None
    memory_bytes = None if limits is None else limits.memory_bytes
    if end.out_of_memory:
        return "killed by the memory limit" + (f" of {size_words(memory_bytes)}" if memory_bytes else "")
    if limits is None or limits.cpu_time_ms is None:
        return None
    told = end.signal == signal.SIGXCPU or end.exit_code == _OF_SHELL + signal.SIGXCPU
    if told or (end.signal == signal.SIGKILL and (end.cpu_ms or 0) >= limits.cpu_time_ms):
        return f"used its cpu_time of {format_duration(timedelta(milliseconds=limits.cpu_time_ms))}"
    return None


def _reasons(running: RunningAttempt, outcome: Outcome) -> list[str]:
    """Why it came out so, and what else is to be said of it."""
    reasons = [] if running.error is None else [running.error]
    definition = running.definition
    if outcome == "failed" and running.stopping is None and (limit := _limit_reached(running)) is not None:
        reasons.append(limit)
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
        node=running.run.node,
        **({} if running.result is None else _recorded(running.result)),
    )
    return v.event(payload, running.actor, job=running.run.job, run=running.run.number)

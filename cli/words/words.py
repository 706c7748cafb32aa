"""Words for single facts: outcomes, triggers, reasons, actors, signals, commands, schedules."""

from __future__ import annotations

import signal

from cli.terminal.console import Tone
from cli.terminal.printable import printable
from cli.times.show import show_duration
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition

OUTCOME_TONES: dict[v.Outcome, Tone] = {
    "succeeded": "good",
    "failed": "bad",
    "timed_out": "bad",
    "cancelled": "warn",
    "lost": "bad",
    "unknown": "warn",
}
OUTCOME_WORDS = {
    "succeeded": "succeeded",
    "failed": "failed",
    "timed_out": "timed out",
    "cancelled": "was cancelled",
    "lost": "was lost",
    "unknown": "ended, nobody knows how",
}
SKIP_WORDS: dict[v.SkipReason, str] = {
    "overlap": "another run of it was still going",
    "queue_full": "too many were waiting",
    "disabled": "it was disabled",
    "removed": "it was removed from the config",
    "cancelled": "it was cancelled before it started",
    "catch_up": "its catch-up policy does not want it after the restart",
}
TRIGGER_WORDS: dict[v.Trigger, str] = {"schedule": "schedule", "catch_up": "catch-up", "manual": "by hand"}

_LATE_FROM_MS = 1_000


def outcome_words(
    outcome: v.Outcome,
    *,
    exit_code: int | None = None,
    signal_number: int | None = None,
    error: str | None = None,
) -> str:
    """An outcome in a few words: `succeeded`, `failed with exit code 3`, `failed, killed by SIGKILL`."""
    words = {"lost": "lost", "unknown": "unknown", "cancelled": "cancelled"}.get(
        outcome, OUTCOME_WORDS[outcome]
    )
    if outcome == "failed":
        words += ending_words(exit_code, signal_number)
        if error:
            words += f": {error}"
    return printable(words)


def trigger_words(trigger: v.Trigger) -> str:
    """Why a run was made: `schedule`, `catch-up`, `by hand`."""
    return TRIGGER_WORDS[trigger]


def is_on_time(late_ms: int) -> bool:
    """Whether what came so much after its time came as promised: cron's own instants are no finer than a second."""
    return late_ms < _LATE_FROM_MS


def lateness_words(late_ms: int, trigger: v.Trigger = "schedule") -> str:
    """How late something is: `on time`, `3.1 s late`; what catches up is late, however little."""
    if is_on_time(late_ms) and trigger != "catch_up":
        return "on time"
    return f"{show_duration(late_ms)} late"


def skip_words(reason: v.SkipReason) -> str:
    """Why a run was skipped: `another run of it was still going`."""
    return SKIP_WORDS[reason]


def actor_words(actor: str) -> str:
    """Who: `the config`, `the scheduler`, `user:ann@web1`."""
    return printable({"config": "the config", "scheduler": "the scheduler"}.get(actor, actor))


def claimed_actor_words(actor: str, claims: v.Claims | None) -> str:
    """Who, and what is only said about them: `user:svc@web1, says ann through sudo`."""
    told = actor_words(actor)
    if claims is None:
        return told
    said = []
    if claims.sudo:
        said.append(f"{printable(claims.sudo)} through sudo")
    if claims.login and claims.login != claims.sudo:
        said.append(f"{printable(claims.login)} by login")
    if said:
        told += f", says {', '.join(said)}"
    return told if claims.run is None else f"{told}, in run {claims.run}"


def command_words(definition: JobDefinition) -> str:
    """What a job runs: its command line, or that it is built in."""
    from scheduler.command import command_line

    command = definition.command
    return f"built in: {definition.name}" if command is None else command_line(command)


def timing_words(definition: JobDefinition) -> tuple[str, str]:
    """When a job runs: in words, and as it was written."""
    from scheduler.rules.job_schedule import schedule_of

    schedule = schedule_of(definition)
    return schedule.describe(), schedule.source()


def signal_name(number: int) -> str:
    """`SIGKILL`."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def ending_words(exit_code: int | None, signal_number: int | None) -> str:
    """How a process ended, to go on with: ` with exit code 3`, `, killed by SIGKILL`, or nothing."""
    if exit_code is not None:
        return f" with exit code {exit_code}"
    return f", killed by {signal_name(signal_number)}" if signal_number is not None else ""

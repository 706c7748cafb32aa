"""Words for single facts, safe to print: outcomes, triggers, reasons, actors, commands, schedules."""

from __future__ import annotations

from cli.terminal.printable import printable
from scheduler import vocabulary as v
from scheduler.wording import causes, outcomes
from scheduler.wording.causes import because, is_on_time, lateness_words, skip_words
from scheduler.wording.definitions import command_words, timing_words
from scheduler.wording.outcomes import OUTCOME_WORDINGS, ending_words, error_words, signal_name

__all__ = [
    "OUTCOME_WORDINGS",
    "actor_words",
    "because",
    "command_words",
    "ending_words",
    "error_words",
    "is_on_time",
    "lateness_words",
    "outcome_words",
    "signal_name",
    "skip_words",
    "timing_words",
    "trigger_words",
]


def outcome_words(
    outcome: v.Outcome,
    *,
    exit_code: int | None = None,
    signal_number: int | None = None,
    error: str | None = None,
) -> str:
    """An outcome in a few words: `succeeded`, `failed with exit code 3`, `failed, killed by SIGKILL`."""
    words = outcomes.outcome_words(outcome, exit_code=exit_code, signal_number=signal_number, error=error)
    return printable(words)


def trigger_words(trigger: v.Trigger) -> str:
    """Why a run was made: `schedule`, `catch-up`, `by hand`."""
    return causes.TRIGGER_WORDS[trigger]


def actor_words(actor: str) -> str:
    """Who: `the config`, `the scheduler`, `user:ann@web1`."""
    return printable(causes.actor_words(actor))

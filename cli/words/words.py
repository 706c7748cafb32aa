"""Words and symbols for single facts, safe to print: outcomes, triggers, reasons, actors, commands, schedules."""

from __future__ import annotations

from cli.terminal.console import Tone
from cli.terminal.printable import printable
from scheduler.entry_members import Outcome, Trigger
from scheduler.wording import causes, outcomes
from scheduler.wording.causes import because, is_on_time, lateness_words, skip_words
from scheduler.wording.definitions import command_words, timing_words
from scheduler.wording.outcomes import OUTCOME_WORDINGS, ending_words, error_words, signal_name
from scheduler.wording.signs import Symbol

__all__ = [
    "OUTCOME_WORDINGS",
    "actor_words",
    "because",
    "command_words",
    "ending_words",
    "error_words",
    "is_on_time",
    "lateness_words",
    "outcome_symbol",
    "outcome_words",
    "signal_name",
    "skip_words",
    "symbol_character",
    "timing_words",
    "trigger_words",
]

_ASCII: dict[Symbol, str] = {
    "start": "+", "success": "ok", "failure": "x", "omission": "-", "note": ".", "warning": "!"
}  # fmt: skip
_UNICODE: dict[Symbol, str] = {
    "start": "\N{BLACK RIGHT-POINTING SMALL TRIANGLE}",
    "success": "\N{CHECK MARK}",
    "failure": "\N{BALLOT X}",
    "omission": "\N{EN DASH}",
    "note": "\N{MIDDLE DOT}",
    "warning": "!",
}


def symbol_character(symbol: Symbol, unicode: bool) -> str:
    """A symbol as it is printed; in ASCII it may take two characters."""
    return _UNICODE[symbol] if unicode else _ASCII[symbol]


def outcome_symbol(outcome: Outcome, unicode: bool) -> tuple[Tone, str]:
    """An outcome's tone and its symbol as it is printed."""
    signs = outcomes.outcome_signs(outcome)
    return signs.tone, symbol_character(signs.symbol, unicode)


def outcome_words(
    outcome: Outcome,
    *,
    exit_code: int | None = None,
    signal_number: int | None = None,
    error: str | None = None,
) -> str:
    """An outcome in a few words: `succeeded`, `failed with exit code 3`, `failed, killed by SIGKILL`."""
    words = outcomes.outcome_words(outcome, exit_code=exit_code, signal_number=signal_number, error=error)
    return printable(words)


def trigger_words(trigger: Trigger) -> str:
    """Why a run was made: `schedule`, `catch-up`, `by hand`."""
    return causes.TRIGGER_WORDS[trigger]


def actor_words(actor: str) -> str:
    """Who: `the config`, `the scheduler`, `user:ann@web1`."""
    return printable(causes.actor_words(actor))

"""How a run ended, in words."""

from __future__ import annotations

from typing import Final

import msgspec

from scheduler.entry_members import Outcome
from scheduler.wording.causes import because
from scheduler.wording.signs import Level, Signs, Symbol, Tone


class OutcomeWording(msgspec.Struct, frozen=True):
    """How an outcome is worded.

    Attributes:
        tone, level: those of a line about the outcome.
        word: the outcome alone: `lost`.
        clause: the outcome behind the name of a run: run 41 `was lost`.
        message: how its log message begins; all failures begin alike, so that one search finds them.
        legend: the text beside its sign in a chart.
    """

    tone: Tone
    level: Level
    word: str
    clause: str
    message: str
    legend: str


_FAILED: Final = "job failed"
OUTCOME_WORDINGS: Final[dict[Outcome, OutcomeWording]] = {
    "succeeded": OutcomeWording("good", "info", "succeeded", "succeeded", "job succeeded", "succeeded"),
    "failed": OutcomeWording("bad", "error", "failed", "failed", _FAILED, "failed"),
    "timed_out": OutcomeWording("bad", "error", "timed out", "timed out", _FAILED, "timed out"),
    "cancelled": OutcomeWording(
        "warn", "warning", "cancelled", "was cancelled", "job cancelled", "cancelled"
    ),
    "lost": OutcomeWording("bad", "error", "lost", "was lost", _FAILED, "lost"),
    "unknown": OutcomeWording(
        "warn",
        "warning",
        "unknown",
        "ended, nobody knows how",
        "job ended, nobody knows how",
        "ended unseen",
    ),
}
FAILED: Final = f"{_FAILED}: "
"""The beginning of the log message of each run that failed."""

_SYMBOLS: Final[dict[Tone, Symbol]] = {"good": "success", "bad": "failure"}
_CANCELLED: Final = "cancelled"
_UNWATCHED: Final[dict[Outcome, str]] = {
    "lost": "its process died with no one watching",
    "unknown": "no one was watching",
}


def outcome_signs(outcome: Outcome) -> Signs:
    """How a line about an outcome is marked."""
    wording = OUTCOME_WORDINGS[outcome]
    return Signs(wording.tone, _SYMBOLS.get(wording.tone, "warning"), wording.level)


def outcome_words(
    outcome: Outcome,
    *,
    exit_code: int | None = None,
    signal_number: int | None = None,
    error: str | None = None,
) -> str:
    """An outcome in a few words: `succeeded`, `failed with exit code 3`, `failed, killed by SIGKILL`."""
    words = OUTCOME_WORDINGS[outcome].word + ending_words(outcome, exit_code, signal_number)
    return words + because(error) if outcome == "failed" else words


def ending_words(outcome: Outcome, exit_code: int | None, signal_number: int | None) -> str:
    """How a process ended, as the end of a sentence: ` with exit code 3`, `, killed by SIGKILL`, or nothing.

    Of a success only an exit code other than 0 is told, with what makes it one: the job's `success_codes`.
    """
    if outcome == "succeeded":
        return f" (exit code {exit_code} counts as success)" if exit_code else ""
    if outcome != "failed":
        return ""
    if exit_code is not None:
        return f" with exit code {exit_code}"
    return f", killed by {signal_name(signal_number)}" if signal_number is not None else ""


def error_words(outcome: Outcome, error: str | None, *, guessed: bool = False) -> str:
    """Why a run ended so, as the end of a sentence: ` by user:ann@web1`, `: rebooted`, or nothing.

    Args:
        outcome: how it ended; if it was cancelled, that word of `error` is left out.
        error: the reason on record.
        guessed: whether the outcome itself gives a reason if none is on record.
    """
    if outcome == "cancelled" and error and error.startswith(_CANCELLED):
        return error.removeprefix(_CANCELLED)
    return because(error or (_UNWATCHED.get(outcome) if guessed else None))


def said_words(
    outcome: Outcome, message: str | None, items_processed: int | None, items_failed: int | None
) -> str:
    """What a Python job said of its run, as the end of a sentence: `: sent to 3 (3 items, 1 failed)`, or nothing.

    The message of a run that failed is its error.
    """
    items = items_words(items_processed, items_failed)
    return (because(message) if outcome == "succeeded" else "") + (f" ({items})" if items else "")


def items_words(processed: int | None, failed: int | None) -> str:
    """How many things a Python job dealt with: `3 items, 1 failed`; empty if it did not say."""
    told = [] if processed is None else [f"{processed:,} {'item' if processed == 1 else 'items'}"]
    told += [] if failed is None else [f"{failed:,} failed"]
    return ", ".join(told)


def signal_name(number: int) -> str:
    """`SIGKILL`."""
    import signal  # its names are made anew in each process: most need none

    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"

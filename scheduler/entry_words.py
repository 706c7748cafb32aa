"""The words that stand in payloads of entries: what made a run, how it came out, why it was skipped or missed."""

from __future__ import annotations

from typing import Literal, get_args

Trigger = Literal["schedule", "catch_up", "manual"]
Outcome = Literal["succeeded", "failed", "timed_out", "cancelled", "lost", "unknown"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)
FAILURES: tuple[Outcome, ...] = ("failed", "timed_out", "lost")
"""Outcomes of runs that did not do what was wanted. Of `unknown` nobody can say; `cancelled` was wanted so."""
TRIGGERS: tuple[Trigger, ...] = get_args(Trigger)

MisfireReason = Literal[
    "scheduler_down", "suspend", "clock_step", "stall", "ledger_unavailable", "overload",
    "replaced", "disabled", "removed", "paused",
]  # fmt: skip
MISFIRE_REASONS: tuple[MisfireReason, ...] = get_args(MisfireReason)
CLOSING_REASONS: tuple[MisfireReason, ...] = ("disabled", "removed", "replaced")
"""Why a schedule is no longer in force: the reasons of misfires that do not tell why nobody watched."""

SkipReason = Literal[
    "overlap", "queue_full", "disabled", "removed", "cancelled", "catch_up", "deadline", "superseded"
]
SKIP_REASONS: tuple[SkipReason, ...] = get_args(SkipReason)

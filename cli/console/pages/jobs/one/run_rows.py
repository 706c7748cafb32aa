"""Runs of one job that have ended, as rows."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from cli.words.words import outcome_symbol, outcome_words, trigger_words

if TYPE_CHECKING:
    from scheduler.ledger.recent_runs import EndedRun
    from scheduler.wording.signs import Tone


class RunRow(NamedTuple):
    """A run, how it came out, and the entry that says so."""

    run: int
    scheduled_for: datetime | None
    started: datetime
    trigger: str
    duration_ms: int | None
    tone: Tone
    symbol: str
    how: str
    entry: int


def run_row(run: EndedRun) -> RunRow:
    """The row of a run."""
    tone, symbol = outcome_symbol(run.outcome, unicode=True)
    how = outcome_words(run.outcome, exit_code=run.exit_code, signal_number=run.signal, error=run.error)
    return RunRow(
        run=run.run,
        scheduled_for=run.scheduled_for,
        started=run.started,
        trigger=trigger_words(run.trigger),
        duration_ms=run.duration_ms,
        tone=tone,
        symbol=symbol,
        how=how + (f" (attempt {run.attempt})" if run.attempt > 1 else ""),
        entry=run.entry,
    )

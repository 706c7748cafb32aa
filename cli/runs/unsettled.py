"""Runs that are not settled yet, as rows like those of settled ones: running, or owed and waiting to be started."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, NamedTuple

from cli.runs.search import RunFilter
from cli.runs.settled_run import SettledRun
from cli.terminal.tables import Cell
from cli.times.show import show_duration, show_time
from cli.words.wait_words import attempt_words
from cli.words.words import trigger_words
from scheduler.rules.state import Run, State


class UnsettledRun(NamedTuple):
    """One row, with the same columns as `SettledRun`.

    Attributes:
        facts: the run, as the state has it.
        now: the moment of that state.
    """

    facts: Run
    now: datetime

    @property
    def job(self) -> str:
        """The name of its job."""
        return self.facts.job

    @property
    def node(self) -> str | None:
        """The node that makes it, or is to start it."""
        return self.facts.place

    @property
    def status(self) -> str:
        """`running`, `owed` or `waiting` (for its next attempt), as in the SQL view `runs`."""
        if self.facts.waits_for_retry:
            return "waiting"
        return "owed" if self.facts.started is None else "running"

    @property
    def lasts_ms(self) -> int:
        """How long its attempt has run by now, in milliseconds; 0 while none runs."""
        started = self.facts.started
        return 0 if started is None else max(0, (self.now - started) // timedelta(milliseconds=1))

    def members(self) -> dict[str, Any]:
        """The row for programs: the members of a settled run, null if they are known only at its end."""
        run = self.facts
        known = {
            "run": run.number, "job": run.job, "trigger": run.trigger, "status": self.status,
            "scheduled_for": run.scheduled_for, "started": run.started, "attempt": run.attempt or None,
            "retry_at": run.retry_at, "node": run.place,
        }  # fmt: skip
        return dict.fromkeys(SettledRun.__struct_fields__) | known

    def cells(self, zone: str) -> list[Cell | str]:
        """The row of a table: run, job, trigger, scheduled for, started, took, outcome; times in `zone`."""
        run = self.facts
        times = [
            "" if instant is None else show_time(instant, zone)
            for instant in (run.scheduled_for, run.started)
        ]
        return [str(run.number), run.job, trigger_words(run.trigger), *times, "", self._how(zone)]

    def narrow_cells(self, zone: str) -> list[Cell | str]:
        """The cells for two lines."""
        number, job, trigger, due, started, took, how = self.cells(zone)
        due = "" if self.facts.scheduled_for is None else f"due {due}"
        return [number, job, trigger, started or Cell("not yet", "dim"), due, took, how]

    def _how(self, zone: str) -> Cell:
        run = self.facts
        if run.waits_for_retry:
            return Cell(attempt_words(run, zone), "warn")
        since = run.started or run.owed_at
        lasts = show_duration(max(0, (self.now - since) // timedelta(milliseconds=1)))
        going = f"attempt {run.attempt} running" if run.attempt > 1 else "running"
        words = f"waits to be started, for {lasts}" if run.started is None else f"{going} for {lasts}"
        if run.cancel_seq is not None:
            words += ", asked to stop"
        return Cell(words, "warn" if run.started is None or run.cancel_seq is not None else "plain")


def unsettled_runs(
    state: State, wanted: RunFilter, now: datetime, limit: int, below: int | None = None
) -> list[UnsettledRun]:
    """The wanted runs that are not settled yet, the newest first.

    They have not ended, so `since` excludes none of them, even if they started long ago; an `until` in the past
    excludes all, and so does a text of an error, for they have none.

    Args:
        state: the present one.
        wanted: which runs.
        now: the moment of the state.
        limit: at most so many.
        below: runs with smaller numbers than this one only; None: all.
    """
    if wanted.error is not None or (wanted.until is not None and wanted.until <= now):
        return []
    found = [UnsettledRun(run, now) for run in state.runs.values()]
    chosen = [
        row
        for row in found
        if wanted.job in (None, row.facts.job)
        and (wanted.among is None or row.facts.job in wanted.among)
        and wanted.trigger in (None, row.facts.trigger)
        and wanted.status in (None, row.status)
        and wanted.node in (None, row.node)
        and (wanted.longer_ms is None or row.lasts_ms > wanted.longer_ms)
        and (below is None or row.facts.number < below)
    ]
    return sorted(chosen, key=lambda row: row.facts.number, reverse=True)[:limit]

"""Settled runs, as rows: how each ended, from the one entry that settled it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any, Self

import msgspec

from cli.terminal.tables import Cell
from cli.times.show import show_duration, show_time
from cli.words.words import (
    OUTCOME_WORDINGS,
    actor_words,
    because,
    is_on_time,
    outcome_words,
    skip_words,
    trigger_words,
)
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.entry_members import Outcome, SkipReason, Trigger


class SettledRun(msgspec.Struct, frozen=True, kw_only=True):
    """One row; names and meanings are those of the SQL view `runs`.

    Attributes:
        settled_seq: the entry that settled the run.
        finished: when the end of the run was recorded; None for a skipped run, which has only `settled`.
        because_of: the entry that shows why a run was skipped, or why it makes no further attempt.
        retry_at: only an attempt ended: the next one was to follow then. closes: with which entry a run began to wait
            for an attempt that it does not make.
        node: the node that made its last attempt, where several share the ledger.
    """

    run: int
    job: str
    trigger: Trigger
    status: str
    outcome: Outcome | None
    skipped_reason: SkipReason | None
    scheduled_for: datetime | None
    started: datetime | None
    finished: datetime | None
    settled: datetime
    duration_ms: int | None
    attempt: int | None
    exit_code: int | None
    signal: int | None
    cpu_ms: int | None
    memory_peak_bytes: int | None
    stdout_bytes: int | None
    stdout_sha256: str | None
    stderr_bytes: int | None
    stderr_sha256: str | None
    error: str | None
    message: str | None
    items_processed: int | None
    items_failed: int | None
    metrics: dict[str, Any] | None
    because_of: int | None
    settled_seq: int
    retry_at: datetime | None = None
    closes: int | None = None
    node: str | None = None

    @classmethod
    def of(cls, entry: Entry) -> Self:
        """The row of a `run.finished` or `run.skipped`.

        Raises:
            UnfitPayload: the payload is not what its type says.
        """
        data = v.payload(entry)
        ended = data if isinstance(data, v.RunFinished) else None
        skipped = data if isinstance(data, v.RunSkipped) else None
        facts: dict[str, Any] = {
            name: getattr(ended, name, None)
            for name in ("outcome", "started", "duration_ms", "attempt", "exit_code", "signal", "cpu_ms",
                         "memory_peak_bytes", "stdout_bytes", "stdout_sha256", "stderr_bytes", "stderr_sha256",
                         "error", "retry_at", "closes", "message", "items_processed", "items_failed", "node")
        }  # fmt: skip
        return cls(
            run=-1 if entry.run is None else entry.run,
            job=entry.job or "",
            trigger=data.trigger,
            scheduled_for=data.scheduled_for,
            status="finished" if ended else "skipped",
            skipped_reason=skipped.reason if skipped else None,
            finished=entry.time if ended else None,
            settled=entry.time,
            because_of=data.because_of,
            settled_seq=entry.seq,
            metrics=(ended.metrics or None) if ended else None,
            **facts,
        )

    def members(self) -> dict[str, Any]:
        """The row for programs."""
        return msgspec.structs.asdict(self)

    @property
    def succeeded(self) -> bool:
        """Whether the run succeeded."""
        return self.outcome == "succeeded"

    def outcome_cell(self, shown_by: Entry | None = None) -> Cell:
        """How the run ended, in a few words: `succeeded`, `failed with exit code 3`, `skipped: run 7 was …`.

        Args:
            shown_by: the entry that `because_of` names, if the caller has it; it says who cancelled a run.
        """
        if self.outcome is None:
            why = "why is unknown"
            if self.skipped_reason:
                why = skip_words(self.skipped_reason, self.because_of)
            if self.skipped_reason == "overlap":
                return Cell(f"skipped: {why}", "warn")
            if shown_by is not None and shown_by.type == v.RunCancelRequested.TYPE:
                why += f" by {actor_words(shown_by.actor)}{because(v.payload(shown_by).reason)}"
            return Cell(f"skipped: {why}", "warn")
        words = outcome_words(
            self.outcome, exit_code=self.exit_code, signal_number=self.signal, error=self.error
        )
        if self.error and self.outcome != "failed":
            words = self.error if self.error.startswith(words) else f"{words}: {self.error}"
        if self.retry_at is not None:
            return Cell(f"attempt {self.attempt} {words}", "warn")
        if self.attempt is not None and self.attempt > 1:
            words += (
                f" (attempt {self.attempt})" if self.closes is None else f" (after attempt {self.attempt})"
            )
        elif self.closes is not None and self.outcome != "cancelled":
            words += " (no further attempt)"
        return Cell(words, OUTCOME_WORDINGS[self.outcome].tone)

    def cells(self, zone: str, shown_by: Entry | None = None) -> list[Cell | str]:
        """The row of a table: run, job, trigger, scheduled for, started, took, outcome; times in `zone`."""
        times = [
            "" if instant is None else show_time(instant, zone)
            for instant in (self.scheduled_for, self.started)
        ]
        return [
            str(self.run),
            self.job,
            trigger_words(self.trigger),
            *times,
            self._took(),
            self.outcome_cell(shown_by),
        ]

    def narrow_cells(self, zone: str, shown_by: Entry | None = None) -> list[Cell | str]:
        """The cells for two lines: the due time comes after the start, and is left out if the run started on time."""
        run, job, trigger, due, started, took, outcome = self.cells(zone, shown_by)
        if self.scheduled_for is None or self.started is None:
            due = f"due {due}" if self.scheduled_for is not None else ""
        else:
            waited_ms = (self.started - self.scheduled_for) // timedelta(milliseconds=1)
            due = "" if is_on_time(waited_ms) else f"due {due}"
        return [run, job, trigger, started or Cell("never", "dim"), due, took, outcome]

    def _took(self) -> str:
        return "" if self.duration_ms is None else show_duration(self.duration_ms)


def last_words(entry: Entry) -> str:
    """How a run ended, in one line: `run 41 of nightly succeeded in 1.2 s (exit 0)`."""
    from cli.words.entry_lines import sentence  # a table of runs has no use for the words of all entries

    text = sentence(entry)
    if entry.type == v.RunFinished.TYPE:
        end = v.payload(entry)
        if end.outcome == "succeeded" and end.exit_code == 0:
            text += " (exit 0)"
    return text

"""What happened so far, counted: it only grows, entry by entry."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.entry_members import CLOSING_REASONS
from scheduler.vocabulary.payload import UnfitPayload

SKIPPED: Final = "skipped"
"""Beside the outcomes of runs: a run that was owed and not made."""
DURATION_BOUNDS_MS: Final = (100, 1_000, 5_000, 15_000, 60_000, 300_000, 900_000, 3_600_000, 14_400_000)
LATENESS_BOUNDS_MS: Final = (10, 100, 1_000, 10_000, 60_000, 600_000)
COUNTED: Final = (
    v.RunFinished.TYPE,
    v.RunSkipped.TYPE,
    v.ScheduleMisfired.TYPE,
    v.ScheduleTicked.TYPE,
)
"""The types of the entries that are counted."""


class Distribution(msgspec.Struct):
    """How values are spread.

    Attributes:
        counts: how many were at most as large as each bound and larger than the one before; the last one counts
            those that are larger than all bounds.
        sum_ms: all values together, in milliseconds.
    """

    counts: list[int]
    sum_ms: int = 0

    @classmethod
    def over(cls, bounds_ms: tuple[int, ...]) -> Distribution:
        """None counted yet."""
        return cls([0] * (len(bounds_ms) + 1))

    def count(self, value_ms: int, bounds_ms: tuple[int, ...]) -> None:
        """One more."""
        place = sum(value_ms > bound for bound in bounds_ms)
        self.counts[place] += 1
        self.sum_ms += max(value_ms, 0)


class JobTotals(msgspec.Struct):
    """What became of one job's runs and instants.

    Attributes:
        runs: how many ended, by outcome; `skipped` are those that were owed and not made.
        missed: how many instants got no run that a schedule in force had, by the reason that stands in the ledger.
        durations: how long the last attempt of each run took, where that is known.
        last_success: when the newest success was recorded.
    """

    durations: Distribution
    runs: dict[str, int] = {}
    missed: dict[str, int] = {}
    last_success: datetime | None = None

    @classmethod
    def none(cls) -> JobTotals:
        """Of a job of which nothing has happened."""
        return cls(Distribution.over(DURATION_BOUNDS_MS))


class Totals(msgspec.Struct):
    """What happened up to and including entry `seq`, whose hash is `hash`.

    Attributes:
        jobs: by name, also those that are gone from the config.
        lateness: how long after its instant each tick by schedule was recorded.
    """

    seq: int
    hash: str
    lateness: Distribution
    jobs: dict[str, JobTotals] = {}

    @classmethod
    def none(cls) -> Totals:
        """Before entry 0."""
        return cls(-1, "", Distribution.over(LATENESS_BOUNDS_MS))

    def of(self, job: str) -> JobTotals:
        """Those of a job, which are none if nothing has happened yet."""
        found = self.jobs.get(job)
        if found is None:
            found = self.jobs[job] = JobTotals.none()
        return found

    def count(self, entry: Entry) -> None:
        """Count one entry, the next one. One whose payload cannot be read counts for nothing."""
        self.seq, self.hash = entry.seq, entry.hash
        if entry.job is None or entry.type not in COUNTED:
            return
        try:
            data = v.payload(entry)
        except UnfitPayload:
            return
        if isinstance(data, v.RunFinished):
            self._finished(entry, data)
        elif isinstance(data, v.RunSkipped):
            job = self.of(entry.job)
            _add(job.runs, SKIPPED, 1)
            _add(job.missed, data.reason, 1)
        elif isinstance(data, v.ScheduleMisfired):
            if data.reason not in CLOSING_REASONS:
                _add(self.of(entry.job).missed, data.reason, data.count - data.will_run)
        elif isinstance(data, v.ScheduleTicked) and data.trigger == "schedule":
            self.lateness.count(data.lateness_ms, LATENESS_BOUNDS_MS)

    def _finished(self, entry: Entry, data: v.RunFinished) -> None:
        """A run ended, unless only an attempt of it did."""
        if data.retry_at is not None:
            return
        assert entry.job is not None, "looked at before"
        job = self.of(entry.job)
        _add(job.runs, data.outcome, 1)
        if data.duration_ms is not None:
            job.durations.count(data.duration_ms, DURATION_BOUNDS_MS)
        if data.outcome == "succeeded":
            job.last_success = entry.time


def _add(counts: dict[str, int], name: str, more: int) -> None:
    if more > 0:
        counts[name] = counts.get(name, 0) + more

"""What became of runs: how they came out, which failed and what resolved that, which were late, who asked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Literal, NamedTuple

import msgspec

from eventstore.store import Entry
from projections.audit.findings import LISTED_MAX, Listed
from projections.audit.population.tally import Disposition, RevisionKey, Tally
from projections.audit.window import Window
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import Claims, MisfireReason, Outcome, SkipReason, Trigger
from scheduler.vocabulary.payload import decode

ResolutionKind = Literal["made_again", "backfilled", "later_success"]
UNRESOLVED_OUTCOMES: tuple[Outcome, ...] = ("failed", "timed_out", "lost", "unknown", "cancelled")
"""Outcomes that are listed with how they were resolved."""


class Resolution(msgspec.Struct, frozen=True, kw_only=True):
    """What made a failure good: run `run`, which succeeded by entry `seq`.

    `made_again`: a person, `actor`, had that very run made again (`jobs retry`). `backfilled`: had its instant
    backfilled. `later_success`: the job's next run that succeeded.
    """

    kind: ResolutionKind
    run: int
    seq: int
    time: datetime
    actor: str = ""


class Failure(msgspec.Struct, kw_only=True):
    """A run that did not succeed: all its attempts are over."""

    job: str
    run: int
    trigger: Trigger
    outcome: Outcome
    attempts: int
    time: datetime
    seq: int
    scheduled_for: datetime | None = None
    exit_code: int | None = None
    signal: int | None = None
    error: str = ""
    resolution: Resolution | None = None


class Recovered(msgspec.Struct, frozen=True, kw_only=True):
    """A run that succeeded with another attempt than the first."""

    job: str
    run: int
    attempts: int
    time: datetime
    seq: int
    scheduled_for: datetime | None = None


class LateRun(msgspec.Struct, frozen=True, kw_only=True):
    """A run whose first attempt started late, after its instant."""

    job: str
    run: int
    trigger: Trigger
    scheduled_for: datetime
    started: datetime
    late_ms: int


class ManualRun(msgspec.Struct, kw_only=True):
    """A run that somebody asked for, or the making again of one; `outcome` is None as long as it has not ended."""

    job: str
    run: int
    time: datetime
    actor: str
    claims: Claims | None = None
    reason: str = ""
    retry_of: int | None = None
    outcome: Outcome | Literal["skipped"] | None = None


class SkippedRun(msgspec.Struct, kw_only=True):
    """A run that was owed and deliberately not made: why, and the entry that shows it."""

    job: str
    run: int
    reason: SkipReason
    time: datetime
    seq: int
    scheduled_for: datetime | None = None
    because_of: int | None = None
    resolution: Resolution | None = None


class MissedStretch(msgspec.Struct, kw_only=True):
    """A misfire: instants that passed unwatched; `backfilled` of those that were not caught up got a run later."""

    job: str
    first: datetime
    last: datetime
    count: int
    will_run: int
    reason: MisfireReason
    time: datetime
    seq: int
    backfilled: int = 0


class _End(msgspec.Struct, frozen=True, gc=False):
    """The part of a `run.finished` that says whether more of it is needed."""

    outcome: Outcome
    attempt: int
    retry_at: str | None = None


class _Note(msgspec.Struct):
    """A run in flight, as far as it matters here; `counts`: its instant is one of the range."""

    job: str
    trigger: Trigger
    instant: datetime | None
    key: RevisionKey | None = None
    definition: JobDefinition | None = None
    counts: bool = False
    listed: bool = False
    started: bool = False
    attempts: int = 0
    retry_of: int | None = None
    actor: str = ""
    replaces: int | None = None
    manual: ManualRun | None = None

    @property
    def is_plain(self) -> bool:
        """Whether nothing but its instant depends on its success."""
        return self.manual is None and self.retry_of is None and self.trigger != "backfill"


class Cause(NamedTuple):
    """Of which revision a run is, and the instant of it that it disposes of; None: of none that is to be counted."""

    key: RevisionKey
    definition: JobDefinition
    instant: datetime | None


class Runs:
    """The runs of a range, from their cause to their end, which may come long after it."""

    def __init__(self, window: Window, tally: Tally, late_from: timedelta) -> None:
        self._window, self._tally, self._late_from = window, tally, late_from
        self._open: dict[int, _Note] = {}
        self._unresolved: dict[str, list[Failure]] = {}
        self._by_run: dict[int, Failure | SkippedRun] = {}
        self._by_instant: dict[tuple[str, datetime], Failure | SkippedRun] = {}
        self._misfires: dict[int, MissedStretch] = {}
        self.failures: Listed[Failure] = Listed()
        self.recovered: Listed[Recovered] = Listed()
        self.late: Listed[LateRun] = Listed()
        self.manual: Listed[ManualRun] = Listed()
        self.skipped: Listed[SkippedRun] = Listed()
        self.missed: Listed[MissedStretch] = Listed()
        self.latest_ms = 0
        self.backfilled = 0

    @property
    def unresolved(self) -> int:
        """How many of the failures that are listed nothing has made good, and nobody stopped on purpose."""
        return sum(failure.resolution is None and failure.outcome != "cancelled" for failure in self.failures)

    # -- causes ------------------------------------------------------------------------------------------------------

    def ticked(self, entry: Entry, data: v.ScheduleTicked, cause: Cause) -> None:
        """A run is owed for an instant of the schedule."""
        instant = cause.instant or data.scheduled_for
        listed = self._window.has(instant)
        counts = listed and cause.instant is not None
        self._open[entry.seq] = _Note(
            cause.key.job, data.trigger, instant, cause.key, cause.definition, counts, listed
        )

    def backfilled_tick(self, entry: Entry, data: v.ScheduleTicked) -> None:
        """A person had an instant backfilled, which has its disposition from before."""
        listed = self._window.has(data.scheduled_for)
        self.backfilled += listed
        self._open[entry.seq] = _Note(
            entry.job or "",
            "backfill",
            data.scheduled_for,
            listed=listed,
            actor=entry.actor,
            replaces=data.replaces,
        )

    def requested(self, entry: Entry, data: v.RunRequested) -> None:
        """Somebody asked for a run."""
        listed = self._window.has(entry.time)
        manual = None
        if listed:
            manual = ManualRun(
                job=entry.job or "",
                run=entry.seq,
                time=entry.time,
                actor=entry.actor,
                claims=data.claims,
                reason=data.reason,
                retry_of=data.retry_of,
            )
            self.manual.add(manual)
        self._open[entry.seq] = _Note(
            entry.job or "",
            "manual",
            None,
            listed=listed,
            retry_of=data.retry_of,
            actor=entry.actor,
            manual=manual,
        )

    def misfired(self, entry: Entry, data: v.ScheduleMisfired) -> None:
        """Instants passed unwatched."""
        if data.last < self._window.begin or data.first >= self._window.end:
            return
        row = MissedStretch(
            job=entry.job or "", first=data.first, last=data.last, count=data.count, will_run=data.will_run,
            reason=data.reason, time=entry.time, seq=entry.seq,
        )  # fmt: skip
        self.missed.add(row)
        if len(self._misfires) < LISTED_MAX:
            self._misfires[entry.seq] = row

    # -- attempts and ends -------------------------------------------------------------------------------------------

    def started(self, entry: Entry) -> None:
        """An attempt began."""
        note = self._open.get(-1 if entry.run is None else entry.run)
        if note is None or note.started:
            return
        note.started = True
        if note.counts and note.instant is not None:
            late = entry.time - note.instant
            if late >= self._late_from:
                late_ms = late // timedelta(milliseconds=1)
                self.latest_ms = max(self.latest_ms, late_ms)
                self.late.add(
                    LateRun(
                        job=note.job,
                        run=entry.run or 0,
                        trigger=note.trigger,
                        scheduled_for=note.instant,
                        started=entry.time,
                        late_ms=late_ms,
                    )
                )

    def finished(self, entry: Entry) -> None:
        """An attempt ended; its run with it, if no other one follows."""
        run = -1 if entry.run is None else entry.run
        end: _End = decode(entry, _End)
        if end.retry_at is not None:
            return
        note = self._open.get(run)
        if end.outcome == "succeeded" and end.attempt == 1 and note is not None and note.is_plain:
            del self._open[run]
            self._count(note, "succeeded")
            if self._unresolved:
                self._resolve(note.job, run, entry)
            return
        self._ended(entry, v.payload(entry), run)

    def _ended(self, entry: Entry, data: v.RunFinished, run: int) -> None:
        note = self._open.pop(run, None)
        if note is None:
            return
        self._count(note, data.outcome)
        if note.manual is not None:
            note.manual.outcome = data.outcome
        if data.outcome == "succeeded":
            self._succeeded(entry, data, run, note)
        elif note.listed and data.outcome in UNRESOLVED_OUTCOMES:
            self._failed(entry, data, run, note)

    def skipped_run(self, entry: Entry, data: v.RunSkipped) -> None:
        """A run was deliberately not made."""
        note = self._open.pop(-1 if entry.run is None else entry.run, None)
        if note is None:
            return
        self._count(note, "skipped", data.reason)
        if note.manual is not None:
            note.manual.outcome = "skipped"
        if note.listed:
            row = SkippedRun(
                job=note.job, run=entry.run or 0, reason=data.reason, time=entry.time, seq=entry.seq,
                scheduled_for=note.instant, because_of=data.because_of,
            )  # fmt: skip
            self.skipped.add(row)
            self._remember(row)

    def at_end(self) -> None:
        """What is in flight when the ledger ends."""
        for note in self._open.values():
            self._count(note, "in_flight")

    def _count(self, note: _Note, disposition: Disposition, reason: str | None = None) -> None:
        if note.counts and note.key is not None and note.definition is not None and note.instant is not None:
            self._tally.add(note.key, note.definition, disposition, 1, reason)
            self._tally.mark(note.job, disposition, [note.instant])

    def _failed(self, entry: Entry, data: v.RunFinished, run: int, note: _Note) -> None:
        row = Failure(
            job=note.job, run=run, trigger=note.trigger, outcome=data.outcome, attempts=data.attempt,
            time=entry.time, seq=entry.seq, scheduled_for=note.instant, exit_code=data.exit_code,
            signal=data.signal, error=data.error or "",
        )  # fmt: skip
        self.failures.add(row)
        if len(self._by_run) < LISTED_MAX:
            self._unresolved.setdefault(note.job, []).append(row)
        self._remember(row)

    def _remember(self, row: Failure | SkippedRun) -> None:
        if len(self._by_run) < LISTED_MAX:
            self._by_run[row.run] = row
            if row.scheduled_for is not None:
                self._by_instant[row.job, row.scheduled_for] = row

    def _succeeded(self, entry: Entry, data: v.RunFinished, run: int, note: _Note) -> None:
        if note.listed and data.attempt > 1:
            self.recovered.add(
                Recovered(
                    job=note.job,
                    run=run,
                    attempts=data.attempt,
                    time=entry.time,
                    seq=entry.seq,
                    scheduled_for=note.instant,
                )
            )
        made_good = None if note.retry_of is None else self._by_run.get(note.retry_of)
        kind: ResolutionKind = "made_again"
        if note.trigger == "backfill" and note.instant is not None:
            kind = "backfilled"
            made_good = self._by_instant.get((note.job, note.instant))
            missed = self._misfires.get(-1 if note.replaces is None else note.replaces)
            if missed is not None:
                missed.backfilled += 1
        if made_good is not None:
            made_good.resolution = Resolution(
                kind=kind, run=run, seq=entry.seq, time=entry.time, actor=note.actor
            )
        self._resolve(note.job, run, entry)

    def _resolve(self, job: str, run: int, entry: Entry) -> None:
        """A run of a job succeeded, which ends what its failures before had begun."""
        for row in self._unresolved.pop(job, ()):
            if row.resolution is None:
                row.resolution = Resolution(kind="later_success", run=run, seq=entry.seq, time=entry.time)

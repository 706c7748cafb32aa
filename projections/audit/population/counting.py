"""Counting the instants of one job: stretches of a schedule that have a disposition, and what nothing explains."""

from __future__ import annotations

from datetime import datetime

import msgspec

from projections.audit.findings import Finding, FindingKind, Findings
from projections.audit.population.tally import Disposition, RevisionKey, Tally
from scheduler.definition import JobDefinition, revision
from scheduler.rules.job_schedule import excluded, schedule_of
from scheduler.rules.state import Job
from scheduler.schedule.schedule import Summary


class _Counted(msgspec.Struct):
    """A stretch that one entry disposed of, and that a person may open again."""

    disposition: Disposition
    definition: JobDefinition
    revision: str
    after: datetime
    until: datetime
    reason: str


class Counting:
    """Counts the instants of one job, those of the range alone.

    Args:
        name: the name of the job; tally, findings: where all jobs are counted.
    """

    def __init__(self, name: str, tally: Tally, findings: Findings) -> None:
        self.name, self.window = name, tally.window
        self._tally, self._found = tally, findings
        self._counted: list[_Counted] = []

    def count(
        self, definition: JobDefinition, digest: str, disposition: Disposition, after: datetime,
        until: datetime, reason: str = "",
    ) -> None:  # fmt: skip
        """The instants of a stretch have this disposition."""
        begin, end = self.window.clip(after, until)
        if begin >= end or not definition.has_times:
            return
        schedule = schedule_of(definition)
        found = schedule.summary(begin, end)
        if found.count and found.first is not None and found.last is not None:
            key = RevisionKey(self.name, digest)
            self._tally.add(key, definition, disposition, found.count, reason or None)
            self._tally.mark_stretch(
                self.name, disposition, found.first, found.last, schedule.between(begin, end)
            )
            if disposition in ("missed", "settled"):
                self._counted.append(_Counted(disposition, definition, digest, begin, end, reason))

    def count_one(
        self,
        definition: JobDefinition,
        digest: str,
        disposition: Disposition,
        instant: datetime,
        reason: str = "",
    ) -> None:
        """One instant has this disposition."""
        if self.window.has(instant):
            self._tally.add(RevisionKey(self.name, digest), definition, disposition, 1, reason or None)
            self._tally.mark(self.name, disposition, [instant])

    def unaccounted(
        self,
        definition: JobDefinition,
        stretches: list[tuple[datetime, datetime]],
        seq: int | None,
        digest: str | None = None,
    ) -> None:
        """Nothing is on record about the instants of these stretches, and something had to be."""
        for after, until in stretches:
            begin, end = self.window.clip(after, until)
            if begin >= end or not definition.has_times:
                continue
            found = schedule_of(definition).summary(begin, end)
            if found.count and found.first is not None and found.last is not None:
                self.find("no_disposition", found.first, found.last, found.count, seq)
                self.count(definition, digest or revision(definition), "unexplained", begin, end)

    def find(
        self, kind: FindingKind, first: datetime, last: datetime, count: int, seq: int | None,
        *, expected: int | None = None,
    ) -> None:  # fmt: skip
        """Nothing explains these instants, or what an entry says of them."""
        if last >= self.window.begin and first < self.window.end:
            self._found.add(
                Finding(
                    kind=kind, job=self.name, first=first, last=last, count=count, seq=seq, expected=expected
                )
            )

    def take_back(self, after: datetime, until: datetime) -> None:
        """What was missed or settled of a stretch is open again."""
        for counted in self._counted:
            begin, end = max(counted.after, after), min(counted.until, until)
            if begin < end:
                self._take_back_part(counted, begin, end)

    def _take_back_part(self, counted: _Counted, after: datetime, until: datetime) -> None:
        begin, end = self.window.clip(after, until)
        count = schedule_of(counted.definition).count_between(begin, end) if begin < end else 0
        key = RevisionKey(self.name, counted.revision)
        self._tally.add(key, counted.definition, counted.disposition, -count, counted.reason or None)
        counted.until = after

    def count_excluded(self, job: Job, definition: JobDefinition, after: datetime, until: datetime) -> None:
        """What calendars exclude of a stretch is excluded."""
        self._count_left_out(job, definition, "excluded", after, until)

    def unrecorded_exclusions(
        self, job: Job, definition: JobDefinition, after: datetime, until: datetime, seq: int
    ) -> None:
        """What calendars exclude of a stretch is not on record, and had to be before entry `seq`."""
        found = self._count_left_out(job, definition, "unexplained", after, until)
        if found.count and found.first is not None and found.last is not None:
            self.find("no_exclusion", found.first, found.last, found.count, seq)

    def _count_left_out(
        self, job: Job, definition: JobDefinition, disposition: Disposition, after: datetime, until: datetime
    ) -> Summary:
        found = excluded(definition, *self.window.clip(after, until))
        if found.count and found.first is not None and found.last is not None:
            key = RevisionKey(self.name, digest_of(job, definition))
            self._tally.add(key, definition, disposition, found.count)
            self._tally.mark(self.name, disposition, {found.first, found.last})
        return found


def digest_of(job: Job, definition: JobDefinition) -> str:
    """The revision of a definition of a job."""
    return job.revision if definition is job.definition else revision(definition)


def excluded_until(job: Job, settled: datetime) -> datetime:
    """Up to when what a job's calendars exclude is on record, or does not matter: all up to `settled` is settled."""
    return settled if job.excluded_until is None else max(settled, job.excluded_until)

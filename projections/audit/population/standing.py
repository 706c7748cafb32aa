"""How a job stood: what its enablement, its definitions and people who settle instants make of those."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import NamedTuple

from eventstore.store import Entry
from projections.audit.population.counting import Counting, excluded_until
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.rules.instants_state import RESOLUTION, ClosedInterval, SettledAhead
from scheduler.rules.state import Job


class Before(NamedTuple):
    """What a job was right before an entry about it."""

    definition: JobDefinition | None
    revision: str
    cursor: datetime
    present: bool
    enabled: bool
    pause_ends: datetime | None
    ahead: SettledAhead | None
    spans: list[tuple[ClosedInterval, datetime]]
    boots: list[datetime]

    @classmethod
    def of(cls, job: Job | None, boots: list[datetime], at: datetime) -> Before:
        """The same of a job of the state, which the entry will change; `at`: its cursor, if there is none."""
        if job is None:
            return cls(None, "", at, present=False, enabled=False, pause_ends=None,
                       ahead=None, spans=[], boots=boots)  # fmt: skip
        return cls(
            job.definition, job.revision, job.cursor, job.present, job.enablement.enabled,
            job.enablement.until, job.ahead, [(span, span.after) for span in job.unsettled], boots,
        )  # fmt: skip

    @property
    def on_schedule(self) -> bool:
        """Whether its instants were to be run."""
        return self.present and self.enabled


class Standing:
    """One job's standing, entry by entry.

    Attributes:
        mark: what the schedule implied up to this moment is accounted for, but for the intervals of earlier ones.
    """

    def __init__(self, counting: Counting) -> None:
        self.mark: datetime | None = None
        self._counting = counting
        self._pause: list[tuple[JobDefinition, str, datetime, datetime]] = []
        # Up to when a person has settled what is to come.
        self._settled_until: datetime | None = None

    def begin(self, job: Job, at: datetime) -> None:
        """Begin with a job as it is in a state that was folded up to `at`."""
        hand = job.settled_by_hand
        ahead = hand is not None and hand.until >= job.cursor > at
        self.mark = at if ahead else job.cursor
        self._settled_until = hand.until if hand is not None and ahead else None

    def disabled_until(self, before: Before, end: datetime) -> datetime:
        """The job is disabled still at the end of the ledger: count up to `end`, and say from where that was."""
        for definition, digest, after, until in self._pieces(before, end):
            self._counting.count(definition, digest, "disabled", after, until)
        return max(self.since(before), end)

    def _settled(self, before: Before, job: Job, entry: Entry, data: v.ScheduleSettled) -> None:
        self.flush(before, entry.time)
        if before.on_schedule and job.definition.has_times:
            end = min(data.until, entry.time)
            for after, until in self._open(before, end):
                self._counting.count(job.definition, job.revision, "settled", after, until)
                self._counting.count_excluded(job, job.definition, excluded_until(job, after), until)
            self.advance(end)
        if data.until > entry.time:
            self._settled_until = data.until

    def _open(self, before: Before, until: datetime) -> list[tuple[datetime, datetime]]:
        """The stretches between the mark and a moment that the entry found open."""
        since = max(self.mark or before.cursor, before.cursor)
        if since >= until:
            return []
        ahead = before.ahead
        if ahead is None or until < ahead.first:
            return [(since, until)]
        parts = [(since, ahead.first - RESOLUTION), (max(since, ahead.until), until)]
        return [part for part in parts if part[0] < part[1]]

    def _reopened(self, before: Before, entry: Entry, data: v.ScheduleReopened) -> None:
        self.flush(before, entry.time)
        if before.cursor <= entry.time:
            return
        end = data.until if data.before is None else data.before - RESOLUTION
        self._counting.take_back(entry.time, end)
        self.mark, self._settled_until = entry.time, None

    def changed(self, before: Before, job: Job, entry: Entry, data: object) -> None:
        """A person settled or opened instants, or the job was defined, removed, enabled or disabled."""
        if isinstance(data, v.ScheduleSettled):
            self._settled(before, job, entry, data)
            return
        if isinstance(data, v.ScheduleReopened):
            self._reopened(before, entry, data)
            return
        self.flush(before, entry.time)
        if before.definition is None or not before.present:
            self._pause = []
            self.mark = job.cursor
            return
        if before.enabled:
            if not job.on_schedule or job.cursor > before.cursor:
                self.advance(entry.time)
                self._pause = []
            self._boots_left(before, job)
            return
        self._while_disabled(before, job, entry, data)

    def _while_disabled(self, before: Before, job: Job, entry: Entry, data: object) -> None:
        assert before.definition is not None, "a job that is disabled is defined"
        at = data.effective_at if isinstance(data, v.JobEnabled) and data.effective_at else entry.time
        over = before.pause_ends is not None and before.pause_ends <= at
        end = min(at, before.pause_ends) if before.pause_ends is not None else at
        if not job.on_schedule and job.present and not over:
            if job.definition.timing() != before.definition.timing():
                self._pause.append((before.definition, before.revision, self.since(before), entry.time))
                self.advance(entry.time)
            return
        caught_up = isinstance(data, v.JobEnabled) and data.catch_up and not over
        if not caught_up:
            for definition, digest, after, until in self._pieces(before, end):
                self._counting.count(definition, digest, "disabled", after, until)
        self._pause = []
        self.advance(max(end, at) if not job.on_schedule else end)

    def since(self, before: Before) -> datetime:
        """Behind which moment nothing is accounted for."""
        return before.cursor if self.mark is None else self.mark

    def _pieces(
        self, before: Before, end: datetime
    ) -> Iterator[tuple[JobDefinition, str, datetime, datetime]]:
        """The stretches of a pause up to its end, each with the definition that was in force."""
        yield from self._pause
        assert before.definition is not None, "a job that is disabled is defined"
        yield before.definition, before.revision, self.since(before), end

    def _boots_left(self, before: Before, job: Job) -> None:
        """Boots that were owed to a job which is disabled, removed or another one now."""
        if before.boots and not (job.on_schedule and job.definition.at_reboot):
            assert before.definition is not None, "it owed runs"
            for boot in before.boots:
                self._counting.count_one(before.definition, before.revision, "disabled", boot)

    def flush(self, before: Before, to: datetime) -> None:
        """Account for what a person had settled ahead, up to a moment."""
        until = self._settled_until
        if until is None or not before.on_schedule or before.definition is None or self.mark is None:
            return
        end = min(until, to)
        if self.mark < end and before.definition.has_times:
            self._counting.count(before.definition, before.revision, "settled", self.mark, end)
            self.mark = end

    def advance(self, to: datetime) -> None:
        """What the schedule implied up to this moment is accounted for."""
        self.mark = to if self.mark is None else max(self.mark, to)

    @property
    def is_ahead(self) -> bool:
        """Whether a person has settled instants that are not accounted for yet."""
        until = self._settled_until
        return until is not None and self.mark is not None and until > self.mark

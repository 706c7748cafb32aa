"""Disposals: which entry disposed of each instant of a job in a stretch of time, and whether it has a run."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Literal, NamedTuple

from eventstore.store import Entry, EventStore
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import ReopenedPart
from scheduler.ledger.past import Past
from scheduler.rules.instants_state import RESOLUTION
from scheduler.rules.job_schedule import every_day_schedule_of, excluded, schedule_of
from scheduler.rules.missed_instants import last_not_caught_up, schedule_of_misfire
from scheduler.rules.state import State
from scheduler.schedule.schedule import Schedule


class Disposal(NamedTuple):
    """What is on record about an instant.

    Attributes:
        kind: `run`: it has a run, which is over, going or owed, or was backfilled before. `missed`, `skipped`,
            `excluded`, `settled`: it has none, and `seq` is the misfire, the tick of the run that was skipped, the
            exclusion, or what a person said. `none`: nothing; the job was disabled, or did not exist, or had another
            schedule.
        seq: that entry.
    """

    kind: Literal["run", "missed", "skipped", "excluded", "settled", "none"]
    seq: int | None = None


class _Stretch(NamedTuple):
    """An entry that disposed of several instants at once: those of `schedule` that are not of `other`.

    If no schedule is known, each may be one of them.
    """

    first: datetime
    last: datetime
    disposal: Disposal
    schedule: Schedule | None
    other: Schedule | None = None

    def among(self, instant: datetime) -> bool:
        """Whether an instant of the stretch is one of them."""
        if self.schedule is None:
            return True
        return self.schedule.has(instant) and not (self.other is not None and self.other.has(instant))

    def how_many(self, after: datetime, until: datetime) -> int:
        """How many of them are in after < x <= until."""
        after, until = max(after, self.first - RESOLUTION), min(until, self.last)
        if self.schedule is None or after >= until:
            return 0
        others = 0 if self.other is None else self.other.count_between(after, until)
        return self.schedule.count_between(after, until) - others

    def without(self, after: datetime, until: datetime | None) -> list[_Stretch]:
        """What is left of it without its instants in after < x < until."""
        parts = [self._replace(last=min(self.last, after))]
        if until is not None:
            parts.append(self._replace(first=max(self.first, until)))
        return [part for part in parts if part.first <= part.last]


class Disposals:
    """What became of the instants of one job from a moment on: of entries that are read once, as far as wanted.

    Args:
        past: the ledger; store: the same, as it grows.
        name: the name of the job.
        since: the moment.

    Raises:
        Corrupt: the ledger cannot be trusted.
    """

    def __init__(self, past: Past, store: EventStore, name: str, since: datetime) -> None:
        self._store, self._name = store, name
        first = past.first_where(partial(_is_past, name=name, moment=since))
        self._next = past.head_seq + 1 if first is None else first.seq
        before = past.state_at(self._next - 1).jobs.get(name)
        self._definitions: list[JobDefinition] = []
        if before is not None:
            self._definitions = [*(span.definition for span in before.unsettled), before.definition]
        self._ticks: dict[datetime, int] = {}
        self._skipped: set[int] = set()
        self._backfilled: set[datetime] = set()
        self._stretches: list[_Stretch] = []

    def read_to(self, seq: int) -> None:
        """Take in the entries up to this one.

        Raises:
            Corrupt: an entry on the way does not stand where the chain says.
        """
        if seq >= self._next:
            for entry in self._store.read(self._next, seq):
                if entry.job == self._name:
                    self._take_in(entry)
            self._next = seq + 1

    def _take_in(self, entry: Entry) -> None:
        match v.payload(entry):
            case v.JobDefined() as data:
                self._definitions.append(data.definition)
            case v.ScheduleTicked(trigger="backfill") as data:
                self._backfilled.add(data.scheduled_for)
            case v.ScheduleTicked() as data:
                self._ticks[data.scheduled_for] = entry.seq
            case v.RunSkipped():
                self._skipped.add(-1 if entry.run is None else entry.run)
            case v.ScheduleMisfired() as data:
                self._stretches += self._missed(entry.seq, data)
            case v.ScheduleExcluded() as data:
                self._stretches += self._excluded(entry.seq, data)
            case v.ScheduleSettled(first=datetime() as first, last=datetime() as last):
                schedule = schedule_of(self._definitions[-1])
                self._stretches.append(_Stretch(first, last, Disposal("settled", entry.seq), schedule))
            case v.ScheduleReopened() as data:
                self._reopen(entry.time, data)
            case _:
                pass

    def _missed(self, seq: int, data: v.ScheduleMisfired) -> list[_Stretch]:
        disposal = Disposal("missed", seq)
        try:
            schedule = schedule_of_misfire(reversed(self._definitions), data)
        except LookupError:  # another version of the time zones saw others: each that may be one counts
            return [_Stretch(data.first, data.last, disposal, None)]
        return [_Stretch(data.first, last_not_caught_up(data, schedule), disposal, schedule)]

    def _excluded(self, seq: int, data: v.ScheduleExcluded) -> list[_Stretch]:
        for definition in reversed(self._definitions):
            if excluded(definition, data.first - RESOLUTION, data.last) == (
                data.first,
                data.last,
                data.count,
            ):
                every, some = every_day_schedule_of(definition), schedule_of(definition)
                return [_Stretch(data.first, data.last, Disposal("excluded", seq), every, some)]
        return []

    def _reopen(self, at: datetime, data: v.ScheduleReopened) -> None:
        """What was settled of what was to come then is open again, but for what calendars exclude."""
        self._stretches = [
            part
            for stretch in self._stretches
            for part in (
                [stretch] if stretch.disposal.kind == "excluded" else stretch.without(at, data.before)
            )
        ]

    @property
    def ticked(self) -> list[datetime]:
        """The instants that have a tick, of the schedule or of a backfill."""
        return [*self._ticks, *self._backfilled]

    def settled_by(self, after: datetime, until: datetime) -> list[ReopenedPart]:
        """Which entries settled instants x with after < x <= until without a run, and how many; no exclusions."""
        told = [(stretch.disposal, stretch.how_many(after, until)) for stretch in self._stretches]
        return [
            ReopenedPart(entry=disposal.seq, count=count)
            for disposal, count in told
            if count > 0 and disposal.seq is not None and disposal.kind != "excluded"
        ]

    def of(self, instant: datetime) -> Disposal:
        """What is on record about an instant, as far as was read."""
        tick = self._ticks.get(instant)
        if instant in self._backfilled or (tick is not None and tick not in self._skipped):
            return Disposal("run")
        if tick is not None:
            return Disposal("skipped", tick)
        for stretch in reversed(self._stretches):
            if stretch.first <= instant <= stretch.last and stretch.among(instant):
                return stretch.disposal
        return Disposal("none")

    def without_run(self, schedule: Schedule, first: datetime, last: datetime) -> list[datetime]:
        """The instants of a schedule in this stretch, both ends included, that misfired or whose run was skipped."""
        found = {instant for instant, tick in self._ticks.items() if tick in self._skipped}
        found = {instant for instant in found if first <= instant <= last and schedule.has(instant)}
        for stretch in self._stretches:
            begin, end = max(first, stretch.first), min(last, stretch.last)
            if stretch.disposal.kind == "missed" and begin <= end:
                found.update(filter(stretch.among, schedule.between(begin - RESOLUTION, end)))
        return sorted(found)


def _is_past(state: State, name: str, moment: datetime) -> bool:
    job = state.jobs.get(name)
    if job is None:
        return False
    if name in state.reopened:  # then its cursor may have passed the moment before, and passes it again
        return True
    # What calendars exclude is on record before the next instant that moves the cursor.
    return job.cursor >= moment or (job.excluded_until is not None and job.excluded_until >= moment)

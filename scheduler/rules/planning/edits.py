"""In what a config differs from what is in force: job by job, calendar by calendar. Pure rules."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Literal, NamedTuple

from scheduler.definition import JobDefinition
from scheduler.rules.approvals.decisions import definition_in_force
from scheduler.rules.approvals.pending_change import PendingChange, needs_approval
from scheduler.rules.reconcile import CalendarDefinition
from scheduler.rules.state import State
from scheduler.schedule.calendars.calendar_days import WEEKDAYS, CalendarDays

EditKind = Literal["added", "removed", "changed", "taken_back"]
"""`taken_back`: the config says again what is in force, and something else was pending, or had been rejected."""
Approval = Literal["not_needed", "requested", "waits", "rejected", "given"]
"""`requested`: it would be asked for; `waits`, `rejected`: on record already; `given`: approved, not yet followed."""


class JobEdit(NamedTuple):
    """What a config says of a job, where that is not what is in force.

    Attributes:
        name: of the job.
        kind: what becomes of it.
        old: the definition in force; None if there is none.
        new: that of the config; None if it has none.
        approval: how far a second person is, who has to approve it.
        pending: what is on record of that; None if nothing is.
    """

    name: str
    kind: EditKind
    old: JobDefinition | None
    new: JobDefinition | None
    approval: Approval = "not_needed"
    pending: PendingChange | None = None

    @property
    def is_held_back(self) -> bool:
        """Whether what is in force stays until a second person approves the edit."""
        return self.approval in ("requested", "waits", "rejected")

    @property
    def takes_effect(self) -> bool:
        """Whether the definition changes as soon as the edit is taken up."""
        return self.kind != "taken_back" and not self.is_held_back

    @property
    def is_recorded(self) -> bool:
        """Whether taking the edit up records something; what waits for approval or was rejected already does not."""
        return self.approval not in ("waits", "rejected")


def job_edits(state: State, definitions: Mapping[str, JobDefinition]) -> list[JobEdit]:
    """The edits of a config, those of its jobs in their order, then the jobs that it has no more.

    Args:
        state: what is in force.
        definitions: every job of the config, by name, with the offsets of jitter.
    """
    gone = [name for name, job in state.jobs.items() if job.present and name not in definitions]
    gone += [name for name in state.changes if name not in definitions and name not in gone]
    edits = (_edit(state, name, definitions.get(name)) for name in [*definitions, *gone])
    return [edit for edit in edits if edit is not None]


def _edit(state: State, name: str, new: JobDefinition | None) -> JobEdit | None:
    old, pending = definition_in_force(state, name), state.changes.get(name)
    if old == new:
        return None if pending is None else JobEdit(name, "taken_back", old, new, pending=pending)
    kind: EditKind = "added" if old is None else "removed" if new is None else "changed"
    if not needs_approval(old, new):
        return JobEdit(name, kind, old, new, pending=pending)
    if pending is None or pending.definition != new:
        return JobEdit(name, kind, old, new, "requested", pending)
    if pending.given_seq is not None:
        return JobEdit(name, kind, old, new, "given", pending)
    return JobEdit(name, kind, old, new, "waits" if pending.waits else "rejected", pending)


class DateRange(NamedTuple):
    """Dates from the first to the last, both included."""

    first: date
    last: date


class CalendarEdit(NamedTuple):
    """A calendar that is new, or has other days.

    Attributes:
        name: of the calendar.
        is_new: whether there was none of that name.
        weekdays_added, weekdays_removed: days of the week that count from now on, or no more; `mon` first.
        dates_added, dates_removed: the same of dates, ascending.
        jobs: names of the jobs of the config that go by it.
    """

    name: str
    is_new: bool
    weekdays_added: list[str]
    weekdays_removed: list[str]
    dates_added: list[DateRange]
    dates_removed: list[DateRange]
    jobs: list[str]


def calendar_edits(
    state: State, calendars: Mapping[str, CalendarDefinition], definitions: Mapping[str, JobDefinition]
) -> list[CalendarEdit]:
    """The calendars of a config that are not as they are on record, in their order."""
    edits = []
    for name, calendar in calendars.items():
        known = state.calendars.get(name)
        if known is not None and (known.days, known.ical_sha256) == (
            calendar.days.digest,
            calendar.ical_sha256,
        ):
            continue
        old = CalendarDays.of([], []) if known is None else CalendarDays.of(known.weekdays, known.dates)
        new = calendar.days
        edits.append(
            CalendarEdit(
                name,
                known is None,
                [WEEKDAYS[day] for day in sorted(new.weekdays - old.weekdays)],
                [WEEKDAYS[day] for day in sorted(old.weekdays - new.weekdays)],
                without(new.ranges, old.ranges),
                without(old.ranges, new.ranges),
                [job.name for job in definitions.values() if _goes_by(job, name)],
            )
        )
    return edits


def _goes_by(definition: JobDefinition, calendar: str) -> bool:
    by = definition.calendars
    return by is not None and (calendar in by.only or calendar in by.without)


def without(ranges: Sequence[tuple[date, date]], others: Iterable[tuple[date, date]]) -> list[DateRange]:
    """The dates of some ranges that are in none of the others; all are ascending and apart from each other."""
    left = [DateRange(*each) for each in ranges]
    for first, last in others:
        cut = []
        for each in left:
            if last < each.first or first > each.last:
                cut.append(each)
                continue
            if each.first < first:
                cut.append(DateRange(each.first, first - _DAY))
            if last < each.last:
                cut.append(DateRange(last + _DAY, each.last))
        left = cut
    return left


_DAY = timedelta(days=1)

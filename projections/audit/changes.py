"""Who changed what: definitions, enablement, decisions about single instants and runs, the config."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import msgspec

from eventstore.store import Entry
from projections.audit.findings import Listed
from projections.audit.window import Window
from scheduler import vocabulary as v
from scheduler.entry_members import Claims
from scheduler.rules.state import State

DECISIONS: Final = (
    *v.SETTLEMENTS, v.BackfillRequested.TYPE, v.BackfillEnded.TYPE, v.RunCancelRequested.TYPE, v.HomeAdopted.TYPE,
    v.RetentionApplied.TYPE, v.ApprovalRequested.TYPE, v.ApprovalGiven.TYPE, v.ApprovalWithdrawn.TYPE,
)  # fmt: skip
"""What people, or jobs for them, decided beside what changes a job."""
CHANGES: Final = (*v.JOB_ENTRIES, v.CalendarDefined.TYPE, v.ConfigAccepted.TYPE, v.ConfigRejected.TYPE)
"""What changes jobs, calendars and the config."""


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """An entry that changed something, or by which somebody decided something.

    Attributes:
        seq, time, type, actor, job, run: of the entry.
        claims: what is said of the actor and cannot be checked.
        reason: why, as it was given; revision: of a definition; changed: the names of its members that are others.
        until: of a pause, or of what was settled.
        about: what else it says, in its own words: the calendar, the number of instants.
        person: who asked for a change that needs two people, or approved it, without a host.
        approval: the entry by which a second person approved this change.
    """

    seq: int
    time: datetime
    type: str
    actor: str
    job: str | None = None
    run: int | None = None
    claims: Claims | None = None
    reason: str = ""
    revision: str | None = None
    changed: list[str] = []
    until: datetime | None = None
    about: str = ""
    person: str | None = None
    approval: int | None = None


class DisabledInterval(msgspec.Struct, kw_only=True):
    """A job was disabled: since when, by whom and why, until when, and who ended it; None: it lasts."""

    job: str
    since: datetime
    seq: int
    actor: str
    reason: str = ""
    pause_ends: datetime | None = None
    until: datetime | None = None
    ended_seq: int | None = None
    ended_by: str | None = None


class Changes:
    """The changes of a range, and the intervals in which jobs were disabled."""

    def __init__(self, window: Window, state: State) -> None:
        self._window = window
        self.changes: Listed[Change] = Listed()
        self.decisions: Listed[Change] = Listed()
        self.intervals: Listed[DisabledInterval] = Listed()
        self.defined: dict[int, datetime] = {}
        self.revisions: dict[tuple[str, str], int] = {}
        self._disabled: dict[str, DisabledInterval] = {}
        for job in state.present_jobs():
            on = job.enablement
            if not on.enabled:
                self._disabled[job.name] = DisabledInterval(
                    job=job.name,
                    since=on.time,
                    seq=on.seq,
                    actor=on.actor,
                    reason=on.reason,
                    pause_ends=on.until,
                )

    def took_place(self, entry: Entry, data: Any) -> None:
        """An entry by which something changed, or somebody decided something."""
        if entry.type == v.JobDefined.TYPE:
            self.defined[entry.seq] = entry.time
            self.revisions.setdefault((entry.job or "", data.revision), entry.seq)
        self._note_interval(entry, data)
        if not self._window.has(entry.time):
            return
        into = self.changes if entry.type in CHANGES else self.decisions
        into.add(_change(entry, data))

    def _note_interval(self, entry: Entry, data: Any) -> None:
        name = entry.job or ""
        before = self._disabled.get(name)
        match data:
            case v.JobDisabled():
                if before is not None:
                    self._end(before, entry, entry.time)
                self._disabled[name] = DisabledInterval(
                    job=name, since=entry.time, seq=entry.seq, actor=entry.actor, reason=data.reason,
                    pause_ends=data.until,
                )  # fmt: skip
            case v.JobEnabled() if before is not None:
                self._end(before, entry, data.effective_at or entry.time)
            case v.JobRemoved() if before is not None:
                self._end(before, entry, entry.time)
            case v.JobDefined() if before is None and not data.definition.enabled and not data.changed:
                self._disabled[name] = DisabledInterval(
                    job=name, since=entry.time, seq=entry.seq, actor=entry.actor
                )
            case _:
                pass

    def _end(self, interval: DisabledInterval, entry: Entry, at: datetime) -> None:
        del self._disabled[interval.job]
        interval.until, interval.ended_seq, interval.ended_by = at, entry.seq, entry.actor
        if self._window.overlaps(interval.since, at):
            self.intervals.add(interval)

    def at_end(self) -> None:
        """What lasts when the ledger ends."""
        for interval in self._disabled.values():
            if self._window.overlaps(interval.since, None):
                self.intervals.add(interval)
        self.intervals.rows.sort(key=lambda row: (row.since, row.seq))


def _change(entry: Entry, data: Any) -> Change:
    person = getattr(data, "person", None)
    return Change(
        seq=entry.seq, time=entry.time, type=entry.type, actor=entry.actor, job=entry.job, run=entry.run,
        claims=getattr(data, "claims", None), reason=getattr(data, "reason", "") or "",
        revision=getattr(data, "revision", None), changed=list(getattr(data, "changed", ())),
        until=getattr(data, "until", None), about=_about(data),
        person=None if person is None else person.name, approval=getattr(data, "approval", None),
    )  # fmt: skip


def _counted(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def _about(data: Any) -> str:
    match data:
        case v.CalendarDefined():
            return data.name
        case v.ConfigAccepted():
            return _counted(data.jobs, "job")
        case v.ConfigRejected():
            return _counted(data.error_count, "mistake")
        case v.ScheduleSettled() | v.BackfillRequested():
            return _counted(data.count, "instant")
        case v.RetentionApplied():
            return f"{data.kind}, {data.deleted} deleted"
        case _:
            return ""

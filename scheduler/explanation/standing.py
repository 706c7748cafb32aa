"""What keeps a job from its schedule: the entry that says so, and the fact that it is."""

from __future__ import annotations

from datetime import datetime

from msgspec import structs

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.explanation.facts import Disablement, JobAbsence, PersonSettled
from scheduler.ledger.past import Past
from scheduler.rules.state import Job


def word_against(job: Job, instant: datetime | None = None) -> int | None:
    """The entry that keeps a job from its schedule; None if there is none, or if the pause was over at `instant`."""
    if not job.present:
        return job.removed_seq
    until = job.enablement.until
    if job.enablement.enabled or (instant is not None and until is not None and until < instant):
        return None
    return job.enablement.seq


def settled_by_person(entry: Entry, data: v.ScheduleSettled) -> PersonSettled:
    """The fact that a person settled what a job's schedule had."""
    return PersonSettled(
        entries=[entry.seq], actor=entry.actor, time=entry.time, until=data.until, reason=data.reason
    )


def switched(job: Job, ended: Entry | None) -> Disablement:
    """The fact that a job was disabled, until the entry `ended`, if that enabled or removed it."""
    enablement = job.enablement
    disabled = Disablement(
        entries=[enablement.seq],
        actor=enablement.actor,
        since=enablement.time,
        reason=enablement.reason,
        until=enablement.until,
    )
    at = None if ended is None else _ends(job, ended)
    if ended is None or at is None:
        return disabled
    return structs.replace(disabled, entries=[enablement.seq, ended.seq], ended=at, ended_by=ended.actor)


def _ends(job: Job, entry: Entry) -> datetime | None:
    """When a job that was disabled is so no longer by an entry; None if that does not end it."""
    match v.payload(entry):
        case v.JobEnabled(effective_at=at):
            return at or entry.time
        case v.JobDefined(definition=new) if new.enabled and not job.definition.enabled:
            return entry.time
        case v.JobRemoved():
            return entry.time
        case _:
            return None


def absent(past: Past, job: Job, back: Entry | None) -> JobAbsence:
    """The fact that a job had been removed, until the entry `back`, if one brought it back."""
    assert job.removed_seq is not None, "only a job that was removed is absent"
    removed = past.entry(job.removed_seq)
    return JobAbsence(
        entries=[removed.seq] if back is None else [removed.seq, back.seq],
        removed=removed.time,
        back=None if back is None else back.time,
    )

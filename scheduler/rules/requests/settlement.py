"""Settling: what is recorded when a person closes a job's instants, or opens again what is to come. Pure rules."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import Claims, ReopenedPart
from scheduler.rules.exclusion import exclusion_between
from scheduler.rules.instants_state import RESOLUTION
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.requests.backfill import under_way
from scheduler.rules.state import Job, State


def settling(
    job: Job, until: datetime, now: datetime, reason: str, actor: str, claims: Claims | None = None
) -> list[Event]:
    """The entry that settles a job's instants up to `until`; none if they all are.

    Counted are those that are owed as things stand: of a job that is disabled, those that were open before. What
    calendars excluded of these stretches up to now is recorded in the same append, for nobody looks there again.

    Args:
        job: the job; until: the last instant that may be settled; now: the moment.
        reason: why; actor: who asks, as entries have it; claims: who that is by the words of others.
    """
    spans = [span for span in job.unsettled if span.after < until]
    if until <= job.cursor and not spans:
        return []
    stretches = [(span.definition, span.after, min(span.until, until)) for span in spans]
    stretches += _in_force(job, until)
    found = [schedule_of(definition).summary(after, end) for definition, after, end in stretches]
    firsts = [each.first for each in found if each.first is not None]
    lasts = [each.last for each in found if each.last is not None]
    events = [
        event
        for definition, after, end in stretches
        for event in exclusion_between(job, definition, after, min(end, now), actor)
    ]
    payload = v.ScheduleSettled(
        until=until,
        first=min(firsts, default=None),
        last=max(lasts, default=None),
        count=sum(each.count for each in found),
        reason=reason,
        claims=claims,
    )
    return [*events, v.event(payload, actor, job=job.name)]


def _asked_for(state: State, job: Job, now: datetime) -> list[datetime]:
    """The first instant after now of each part of the job's backfill that is still to come."""
    backfill = under_way(state, job.name)
    if backfill is None or backfill.definition is None:
        return []
    schedule = schedule_of(backfill.definition)
    found = ((part.last, schedule.next_after(max(now, part.first - RESOLUTION))) for part in backfill.parts)
    return [instant for last, instant in found if instant is not None and instant <= last]


def _in_force(job: Job, until: datetime) -> list[tuple[JobDefinition, datetime, datetime]]:
    """The stretches up to then in which the job runs on its schedule, as things stand."""
    begin, pause_ends = job.cursor, job.enablement.until
    if not job.enablement.enabled:
        if pause_ends is None:
            return []
        begin = max(begin, pause_ends)
    return [(job.definition, after, end) for after, end in job.open_stretches(begin, until)]


def reopening(
    state: State,
    job: Job,
    now: datetime,
    ticked: Iterable[datetime],
    reopened: Callable[[datetime, datetime], list[ReopenedPart]],
    reason: str,
) -> v.ScheduleReopened | None:
    """The payload that opens a job's instants again that are to come and are settled; None if there are none.

    Args:
        state: the state; job: the job.
        now: the moment.
        ticked: instants of the job that have a tick.
        reopened: says which entries had settled the instants x with after < x <= until, and how many of them.
        reason: why, for the ledger.
    """
    if job.cursor <= now:
        return None
    until = job.settled_until
    later = [instant for instant in (*ticked, *_asked_for(state, job, now)) if now < instant <= until]
    before = min([*later, *([job.ahead.first] if job.ahead else [])], default=None)
    end = job.cursor if before is None else min(job.cursor, before - RESOLUTION)
    first = schedule_of(job.definition).next_after(now)
    if first is None or first > end:
        return None
    return v.ScheduleReopened(
        until=until,
        before=before,
        reopens=reopened(now, end),
        reason=reason,
        previous=state.reopened.get(job.name),
    )

"""How entries about jobs and calendars change the state: definitions, enablements, what they leave of a schedule."""

from __future__ import annotations

from datetime import datetime

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.entry_members import MisfireReason
from scheduler.rules.fold import expectations, upstreams
from scheduler.rules.fold.apply import Apply
from scheduler.rules.fold.boots import forget_owed, note_definition
from scheduler.rules.fold.node_entries import release
from scheduler.rules.instants_state import ClosedInterval
from scheduler.rules.job_schedule import excluded, same_days, schedule_of
from scheduler.rules.state import Calendar, Enablement, Job, State
from scheduler.vocabulary.payload import UnfitPayload


def _job_defined(state: State, entry: Entry, data: v.JobDefined) -> None:
    new = data.definition
    if new.calendars is not None and not state.known_days.issuperset(new.calendars.all_digests()):
        raise UnfitPayload(entry.seq, entry.type, "definition")
    note_definition(state, new.name, entry.time, at_reboot=new.at_reboot)
    state.changes.pop(new.name, None)
    job = state.jobs.get(new.name)
    enablement = Enablement(enabled=new.enabled, actor=entry.actor, seq=entry.seq, time=entry.time)
    if new.after is not None or state.dependents:
        upstreams.defined(state, new, entry.time)
    if job is None:
        state.jobs[new.name] = Job(new, data.revision, entry.seq, enablement, cursor=entry.time)
        expectations.defined(state, new, None, entry)
        return
    before = job.definition if job.present else None
    if before is not None and state.expectations is not None:
        expectations.redefined(state, before, new, entry)
    if not job.present:
        # It comes back: the enablement from before its removal does not hold for the new definition.
        job.removed_seq = None
        job.enablement = enablement
        job.advance(entry.time)
    elif new.timing() != job.definition.timing() and not same_days(
        job.definition, new, _open_since(job), entry.time
    ):
        _close(job, entry.time, "replaced")
    elif job.definition.enabled and not new.enabled:
        _close(job, entry.time, "disabled")
    if new.enabled != job.definition.enabled:
        if new.enabled:
            _open(job, entry.time)
            expectations.enabled(state, job, entry.time)
        else:
            state.end_backfill(new.name)
            forget_owed(state, new.name)
            expectations.disabled(state, job, entry)
        job.enablement = enablement
    job.definition, job.revision, job.defined_seq = new, data.revision, entry.seq
    if state.nodes:  # where it may run, and with which locks, may be others now
        release(state.runs[number] for number in job.live)
    expectations.defined(state, new, before, entry)
    if state.dependents:
        upstreams.changed(state, job.name)


def _open_since(job: Job) -> datetime:
    """From when on something of a job's schedule is not settled yet, or was promised to be caught up."""
    return job.cursor if job.catching_up is None else min(job.cursor, job.catching_up.first)


def _calendar_defined(state: State, entry: Entry, data: v.CalendarDefined) -> None:
    try:
        new = Calendar(data.name, data.days, entry.seq, data.weekdays, data.dates, data.ical_sha256)
    except ValueError:
        raise UnfitPayload(entry.seq, entry.type, "dates") from None
    state.define_calendar(new)


def _job_removed(state: State, entry: Entry, data: v.JobRemoved) -> None:
    job = _present(state, entry)
    if job is not None:
        state.changes.pop(job.name, None)
        expectations.removed(state, job.name, entry)
        _close(job, entry.time, "removed")
        state.end_backfill(job.name)
        note_definition(state, job.name, entry.time, at_reboot=False)
        job.removed_seq = entry.seq
        if state.dependents:
            upstreams.removed(state, job)
            upstreams.changed(state, job.name)


def _present(state: State, entry: Entry) -> Job | None:
    """The entry's job; None if it was removed: then it has no schedule to change."""
    job = state.jobs.get(entry.job or "")
    return job if job is not None and job.present else None


def _job_enabled(state: State, entry: Entry, data: v.JobEnabled) -> None:
    job = _present(state, entry)
    if job is None:
        return
    at = data.effective_at or entry.time
    if data.catch_up:
        _keep_pause(job, at)
    _open(job, at)
    expectations.enabled(state, job, at)
    job.enablement = Enablement(True, entry.actor, entry.seq, entry.time, data.reason)


def _job_disabled(state: State, entry: Entry, data: v.JobDisabled) -> None:
    job = _present(state, entry)
    if job is None:
        return
    _close(job, entry.time, "disabled")
    state.end_backfill(job.name)
    forget_owed(state, job.name)
    expectations.disabled(state, job, entry)
    job.enablement = Enablement(False, entry.actor, entry.seq, entry.time, data.reason, data.until)
    if state.dependents:
        upstreams.disabled(state, job)
        upstreams.changed(state, job.name)


def _open(job: Job, at: datetime) -> None:
    """The schedule comes into force, if it was not: what passed before is not owed.

    A pause may have ended by itself, unwatched, before this was said.
    """
    if not job.enablement.enabled:
        until = job.enablement.until
        job.advance(at if until is None else min(at, until))


def _keep_pause(job: Job, at: datetime) -> None:
    """The instants since the job was disabled are open again; those of a pause that ended by itself are not."""
    until = job.enablement.until
    if job.enablement.enabled or (until is not None and until <= at) or job.cursor >= at:
        return
    for after, end in job.open_stretches(job.cursor, at):
        first = schedule_of(job.definition).next_after(after)
        if first is not None and first <= end:
            job.unsettled.append(ClosedInterval(job.definition, after, end, "paused"))


def _close(job: Job, at: datetime, reason: MisfireReason) -> None:
    """The job's schedule ceases to be in force: its open instants up to `at` are closed, the cursor moves to `at`.

    A schedule that was not in force has nothing to close: disabling a disabled job changes no instant.
    """
    job.catching_up = None
    for span in job.unsettled:
        if span.reason == "paused":  # what was to be caught up is not any more
            span.reason = reason
    after: datetime | None = job.cursor
    if not job.enablement.enabled:
        # A pause may have ended by itself, unwatched, before this entry was recorded.
        after = None if job.enablement.until is None else max(job.cursor, job.enablement.until)
    if after is None or after >= at:
        return
    for begin, end in job.open_stretches(after, at):
        if (
            any(schedule_of(job.definition).between(begin, end, 1))
            or excluded(job.definition, max(begin, job.excluded_until or begin), end).count
        ):
            job.unsettled.append(ClosedInterval(job.definition, begin, end, reason))
    job.advance(at)


APPLY: Apply = {
    v.CalendarDefined.TYPE: _calendar_defined,
    v.JobDefined.TYPE: _job_defined,
    v.JobRemoved.TYPE: _job_removed,
    v.JobEnabled.TYPE: _job_enabled,
    v.JobDisabled.TYPE: _job_disabled,
}

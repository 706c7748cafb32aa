"""The laws of the ledger: what an entry may say, given the entries before it.

The hash chain shows that entries fit together as bytes. The laws show whether they make sense as facts: a run was
owed before it started, and ended once; no instant was settled twice; nothing fell due for a job that was disabled or
that the config did not have. An entry that breaks a law is whole and in its place: it is *illegal*, not damaged.

The laws are pure. Memory is bounded: only the folded state is held, however long the history is.
"""

# ruff: noqa: ARG001 - the laws share one signature

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, NamedTuple

from eventstore.store import Entry, Head
from scheduler import vocabulary as v
from scheduler.definition import RETRIED_OUTCOMES
from scheduler.entry_members import ASKED_FOR, FALLING_DUE
from scheduler.rules.awaited import AwaitedInstant
from scheduler.rules.evolve import evolve
from scheduler.rules.job_schedule import nominal
from scheduler.rules.laws import (
    approval_laws,
    backfill_laws,
    evidence_laws,
    expectation_laws,
    node_laws,
    notification_laws,
    settlement_laws,
    start_laws,
    token_laws,
)
from scheduler.rules.laws.start_laws import in_flight
from scheduler.rules.state import Job, Run, State
from scheduler.schedule.calendars.calendar_days import CalendarDays
from scheduler.vocabulary.payload import UnfitPayload


class IllegalEntry(NamedTuple):
    """An entry that breaks a law: which one, its type, and what is wrong with it."""

    seq: int
    type: str
    why: str


def illegal_entries(entries: Iterable[Entry], before: State | None = None) -> Iterator[IllegalEntry]:
    """The entries that break a law, among all from entry 0 on, or from the one after a state.

    Each entry is judged by the state that the entries before it fold into. An illegal entry is folded too, as far as
    `evolve` accepts it.

    Args:
        entries: one after the other.
        before: the state before the first of them; it is folded on. None: the first is entry 0.
    """
    state = State() if before is None else before
    for entry in entries:
        try:
            why = broken_law(state, entry)
            evolve(state, entry)
        except UnfitPayload as unfit:
            why = unfit.why
            state.head, state.time = Head(entry.seq, entry.hash), entry.time
        if why:
            yield IllegalEntry(entry.seq, entry.type, why)


def broken_law(state: State, entry: Entry) -> str:
    """What is wrong with an entry, given the state before it; empty if nothing is.

    Raises:
        UnfitPayload: the payload is not what its type says.
    """
    law, data = _LAWS.get(entry.type), v.payload(entry)
    return node_laws.decided_by_a_leader(state, entry) or ("" if law is None else law(state, entry, data))


def _ledger_created(state: State, entry: Entry, data: v.LedgerCreated) -> str:
    return "a ledger is created once, by entry 0" if entry.seq else ""


def _snapshot_written(state: State, entry: Entry, data: v.SnapshotWritten) -> str:
    return f"it speaks of entry {data.entry}, which is not before it" if data.entry >= entry.seq else ""


def _schedule_ticked(state: State, entry: Entry, data: v.ScheduleTicked) -> str:
    job = _present(state, entry)
    if job is None:
        return f"the config did not have a job {entry.job} then"
    if entry.run != entry.seq:
        return f"a run bears the number of the entry that owes it, not {entry.run}"
    due = f"{data.scheduled_for:%Y-%m-%d %H:%M:%S} UTC"
    if data.trigger == "backfill":
        return backfill_laws.ticked(state, job, data)
    if data.trigger == "after":
        return _ticked_after(job, data)
    if data.trigger == "catch_up":
        promised = job.catching_up
        if promised is None or not promised.has(data.scheduled_for):
            return f"no misfire promised that {due} would be caught up"
        return ""
    if job.definition.on_demand or job.definition.follows:
        return f"{job.name} had no schedule then, by entry {job.defined_seq}"
    if not job.enablement.enabled:
        return f"{job.name} was disabled then, by entry {job.enablement.seq}"
    if job.definition.at_reboot:
        return (
            ""
            if data.scheduled_for in state.at_reboot.get(job.name, [])
            else f"no boot was seen first at {due}"
        )
    if data.nominal != nominal(job.definition, data.scheduled_for):
        return f"by the jitter of {job.name}, {due} is no such time of its schedule"
    return f"{due} was settled before" if job.is_settled(data.scheduled_for) else ""


def _ticked_after(job: Job, data: v.ScheduleTicked) -> str:
    """What is wrong with a tick for an instant of other jobs."""
    if not job.definition.follows:
        return f"{job.name} did not run after other jobs alone then, by entry {job.defined_seq}"
    if not job.enablement.enabled:
        return f"{job.name} was disabled then, by entry {job.enablement.seq}"
    due = f"{data.scheduled_for:%Y-%m-%d %H:%M:%S} UTC"
    awaited = next((each for each in job.awaited if each.instant == data.scheduled_for), None)
    if awaited is None or awaited.run is not None:
        return f"{job.name} did not await {due}, or that was settled before"
    if data.because_of is not None:
        known = data.because_of in awaited.failed.values()
        return "" if known else f"entry {data.because_of} says of no job before it that it failed for {due}"
    if _all_succeeded(job, awaited, data.successes):
        return ""
    return f"the jobs before {job.name} had not all succeeded for {due}, or with other entries"


def _all_succeeded(job: Job, awaited: AwaitedInstant, successes: list[int]) -> bool:
    return successes == [awaited.succeeded.get(name) for name in job.definition.follows]


def _schedule_misfired(state: State, entry: Entry, data: v.ScheduleMisfired) -> str:
    job = state.jobs.get(entry.job or "")
    if job is None:
        return f"there was no job {entry.job}"
    if data.first > data.last or not 0 <= data.will_run <= data.count or data.count < 1:
        return "its numbers contradict one another"
    around = job.closed_around(data.first, data.last)
    if data.reason == "paused" and not any(span.reason == "paused" for span in around):
        return "nobody had asked for a pause to be caught up"
    if not around and (job.definition.on_demand or job.definition.follows):
        return f"{job.name} had no schedule then, by entry {job.defined_seq}"
    if job.definition.at_reboot and not around:
        owed = state.at_reboot.get(job.name, [])
        return "" if {data.first, data.last} <= set(owed) else "no boots were seen first then"
    if around or not (job.is_settled(data.first) or job.is_settled(data.last)):
        return ""
    return f"{data.first:%Y-%m-%d %H:%M:%S} UTC was settled before"


def _schedule_excluded(state: State, entry: Entry, data: v.ScheduleExcluded) -> str:
    job = state.jobs.get(entry.job or "")
    if job is None:
        return f"there was no job {entry.job}"
    if data.first > data.last or data.count < 1:
        return "its numbers contradict one another"
    if job.excluded_until is not None and data.first <= job.excluded_until:
        return f"{data.first:%Y-%m-%d %H:%M:%S} UTC was recorded before"
    if all(each.calendars is None for each in (job.definition, *(span.definition for span in job.unsettled))):
        return f"{job.name} had no calendars then, by entry {job.defined_seq}"
    return ""


def _calendar_defined(state: State, entry: Entry, data: v.CalendarDefined) -> str:
    try:
        days = CalendarDays.of(data.weekdays, data.dates)
    except ValueError as problem:
        return str(problem)
    return "" if days.digest == data.days else f"the digest of its days is {days.digest}, not {data.days}"


def _job_defined(state: State, entry: Entry, data: v.JobDefined) -> str:
    calendars = data.definition.calendars
    for name, digest in (*calendars.only.items(), *calendars.without.items()) if calendars else ():
        known = state.calendars.get(name)
        if known is None or known.days != digest:
            return f"no calendar {name} with these days was on record then"
    return approval_laws.took_effect(state, entry, data.definition, data.approval)


def _job_removed(state: State, entry: Entry, data: v.JobRemoved) -> str:
    return approval_laws.took_effect(state, entry, None, data.approval)


def _run_requested(state: State, entry: Entry, data: v.RunRequested) -> str:
    if entry.job not in state.jobs:
        return f"there was no job {entry.job}"
    if data.retry_of is not None and (data.retry_of >= entry.seq or data.retry_of in state.runs):
        return f"run {data.retry_of} had not ended, and cannot be made again"
    if data.retry_of is not None and data.with_dependents:
        return f"what run {data.retry_of} was for is settled, and begins nothing anew for the jobs after it"
    if entry.actor == v.SCHEDULER:
        job = state.jobs[entry.job or ""]
        found = next((each for each in job.awaited if each.run == data.retry_of), None)
        if found is None or data.retry_of is None or not _all_succeeded(job, found, data.successes):
            return f"the jobs before {job.name} had not all succeeded since run {data.retry_of} was skipped"
    return "" if entry.run == entry.seq else f"a run bears the number of its request, not {entry.run}"


def _run_finished(state: State, entry: Entry, data: v.RunFinished) -> str:
    if data.closes is not None:
        return _wait_closed(state, entry, data)
    if data.retry_at is not None and data.outcome not in RETRIED_OUTCOMES:
        return f"no attempt follows one that is {data.outcome}"
    return _run_going(state, entry, data)


def _wait_closed(state: State, entry: Entry, data: v.RunFinished) -> str:
    run, why = in_flight(state, entry)
    if run is None:
        return why
    if wrong := node_laws.decided_without_leader(state, entry):
        return wrong
    if run.retry is None or not run.waits_for_retry or run.retry.seq != data.closes:
        return f"run {run.number} did not wait for an attempt since entry {data.closes}"
    last = run.retry.last
    if data.attempt != last.attempt or data.outcome not in (last.outcome, "cancelled"):
        return f"attempt {last.attempt}, the last one of run {run.number}, was {last.outcome}"
    return "a wait that is closed has no next attempt" if data.retry_at is not None else ""


def _run_going(state: State, entry: Entry, data: v.RunFinished | v.RunAdopted) -> str:
    run, why = in_flight(state, entry)
    if run is not None and run.started is None:
        if run.attempt:
            return f"attempt {run.attempt} of run {run.number} had ended"
        return f"run {run.number} had not started"
    if run is not None and data.attempt != run.attempt:
        return f"run {run.number} was at attempt {run.attempt}, not {data.attempt}"
    if run is not None and run.node is not None and data.node != run.node:
        return f"attempt {run.attempt} of run {run.number} was made on {run.node}, not on {data.node}"
    return why


def _run_skipped(state: State, entry: Entry, data: v.RunSkipped) -> str:
    run, why = in_flight(state, entry)
    if run is not None and run.attempt > 0:
        return f"run {run.number} had started"
    if run is not None and data.reason == "upstream" and data.because_of != run.failed_upstream:
        return f"its tick names no job before it that failed by entry {data.because_of}"
    return _replaced(state, run, data.because_of) if run is not None and data.reason == "superseded" else why


def _run_cancel_requested(state: State, entry: Entry, data: v.RunCancelRequested) -> str:
    if data.replaced_by is None:
        return ""
    run, why = in_flight(state, entry)
    return why if run is None else _replaced(state, run, data.replaced_by)


def _replaced(state: State, run: Run, by: int | None) -> str:
    """What is wrong with one run that takes the place of another."""
    new = state.runs.get(-1 if by is None else by)
    due = new is not None and new.trigger in FALLING_DUE and new.started is None
    if new is None or new.job != run.job or not due:
        return f"run {by} is no run of {run.job} that fell due and waits"
    if run.trigger in ASKED_FOR:
        return f"run {run.number} was asked for by a person, and is replaced by no other"
    return f"run {run.number} is not older than run {by}" if run.number >= new.number else ""


def _present(state: State, entry: Entry) -> Job | None:
    job = state.jobs.get(entry.job or "")
    return job if job is not None and job.present else None


_LAWS: dict[str, Callable[[State, Entry, Any], str]] = {
    v.LedgerCreated.TYPE: _ledger_created,
    v.SnapshotWritten.TYPE: _snapshot_written,
    v.ScheduleTicked.TYPE: _schedule_ticked,
    v.ScheduleMisfired.TYPE: _schedule_misfired,
    v.ScheduleExcluded.TYPE: _schedule_excluded,
    v.ScheduleSettled.TYPE: settlement_laws.settled,
    v.ScheduleReopened.TYPE: settlement_laws.reopened,
    v.BackfillRequested.TYPE: backfill_laws.requested,
    v.BackfillEnded.TYPE: backfill_laws.ended,
    v.CalendarDefined.TYPE: _calendar_defined,
    v.JobDefined.TYPE: _job_defined,
    v.JobRemoved.TYPE: _job_removed,
    v.ApprovalRequested.TYPE: approval_laws.requested,
    v.ApprovalGiven.TYPE: approval_laws.given,
    v.ApprovalWithdrawn.TYPE: approval_laws.withdrawn,
    v.RunRequested.TYPE: _run_requested,
    v.RunCancelRequested.TYPE: _run_cancel_requested,
    v.RunAssigned.TYPE: start_laws.assigned,
    v.RunStarted.TYPE: start_laws.started,
    v.RunAdopted.TYPE: _run_going,
    v.RunFinished.TYPE: _run_finished,
    v.RunSkipped.TYPE: _run_skipped,
    v.ExpectationBreached.TYPE: expectation_laws.breached,
    v.ExpectationMet.TYPE: expectation_laws.met,
    v.KeyCreated.TYPE: evidence_laws.key_created,
    v.KeyRotated.TYPE: evidence_laws.key_rotated,
    v.CheckpointSigned.TYPE: evidence_laws.checkpoint_signed,
    v.CheckpointRefused.TYPE: evidence_laws.checkpoint_refused,
    v.CheckpointCosigned.TYPE: evidence_laws.checkpoint_known,
    v.CheckpointAnchored.TYPE: evidence_laws.checkpoint_known,
    v.CheckpointAnchorFailed.TYPE: evidence_laws.checkpoint_known,
    v.LedgerContinued.TYPE: evidence_laws.ledger_continued,
    v.LedgerArchived.TYPE: evidence_laws.ledger_archived,
    v.LedgerMoved.TYPE: evidence_laws.ledger_moved,
    v.NodeJoined.TYPE: node_laws.joined,
    v.NodeLeft.TYPE: node_laws.left,
    v.NodeLost.TYPE: node_laws.lost,
    v.NodeDrained.TYPE: node_laws.drained,
    v.NodeResumed.TYPE: node_laws.resumed,
    v.LeaderElected.TYPE: node_laws.elected,
    v.RunReported.TYPE: node_laws.reported,
    v.NotificationSent.TYPE: notification_laws.notified,
    v.NotificationFailed.TYPE: notification_laws.notified,
    v.TokenCreated.TYPE: token_laws.created,
    v.TokenRevoked.TYPE: token_laws.revoked,
}

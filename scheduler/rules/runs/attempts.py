"""Attempts: whether and when another one follows, and how the wait for it ends if none does. Pure rules.

A run that waits for its next attempt is still in flight: it counts for its job's overlap, and holds no slot. The wait
is part of the state, not a timer, so it outlives the scheduler.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from msgspec import structs

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.definition import RETRIED_BY_DEFAULT, Retry
from scheduler.entry_members import Outcome, SkipReason
from scheduler.rules.state import Job, Run, State

VARIATION = 0.1
"""A delay is at most this part of itself shorter or longer: runs that failed together do not come back together."""


def with_retry(state: State, event: Event, now: datetime) -> Event:
    """The event that says how an attempt ended; if another attempt is to follow, it says when.

    Args:
        state: in which the attempt is going; event: its `run.finished`.
        now: the moment, from which the delay counts.
    """
    data = event.data
    run = state.runs[event.run or 0]
    job = state.jobs.get(run.job)
    if job is None or job.definition.retry is None or run.has_options or end_of_wish(run, job) is not None:
        return event
    policy = job.definition.retry
    if run.attempt >= policy.attempts or not is_retried(policy, data.outcome, data.exit_code):
        return event
    at = now + retry_delay(policy, state.ledger, run.number, run.attempt)
    limit = retry_limit(policy, run.first_started)
    if limit is not None and at > limit:
        return event
    return structs.replace(event, data=structs.replace(data, retry_at=at))


def is_retried(policy: Retry, outcome: Outcome, exit_code: int | None) -> bool:
    """Whether another attempt is wanted after one that ended so."""
    outcomes = RETRIED_BY_DEFAULT if policy.outcomes is None else policy.outcomes
    return outcome in outcomes or (outcome == "failed" and exit_code in policy.exit_codes)


def retry_delay(policy: Retry, ledger: str, run: int, attempt: int) -> timedelta:
    """From the end of an attempt to the next one; it is always the same for the same run of the same ledger."""
    delay_ms = float(min(policy.delay_ms, policy.delay_max_ms))
    for _ in range(attempt - 1):
        if policy.backoff == 1 or delay_ms >= policy.delay_max_ms:
            break
        delay_ms = min(delay_ms * policy.backoff, policy.delay_max_ms)
    digest = hashlib.sha256(f"{ledger} {run} {attempt}".encode()).digest()
    part = int.from_bytes(digest[:8]) / 2**64
    return timedelta(milliseconds=round(delay_ms * (1 + VARIATION * (2 * part - 1))))


def retry_limit(policy: Retry | None, first_started: datetime | None) -> datetime | None:
    """After which no further attempt of a run starts whose first one started then; None: no such limit."""
    if policy is None or policy.within_ms is None or first_started is None:
        return None
    return first_started + timedelta(milliseconds=policy.within_ms)


def end_of_wish(run: Run, job: Job | None) -> tuple[SkipReason, int | None] | None:
    """Why no further start of a run is wanted, and which entry says so; None if one is.

    A person, the config or the end of a job that was to succeed before it may say so.
    """
    if run.cancel_seq is not None:
        return "cancelled", run.cancel_seq
    if run.failed_upstream is not None:
        return "upstream", run.failed_upstream
    if job is None or not job.present:
        return "removed", None if job is None else job.removed_seq
    if run.trigger != "manual" and not job.enablement.enabled and job.enablement.seq > run.number:
        return "disabled", job.enablement.seq
    return None


def waits_no_longer(run: Run, job: Job | None, now: datetime, actor: str) -> Event | None:
    """The event that closes a run's wait for its next attempt; None as long as that attempt is wanted."""
    unwanted = end_of_wish(run, job)
    if unwanted is not None:
        return closed(run, *unwanted, actor)
    policy = None if job is None else job.definition.retry
    limit = retry_limit(policy, run.first_started)
    return closed(run, None, None, actor) if limit is not None and now > limit else None


def closed(
    run: Run, why: SkipReason | None, because_of: int | None, actor: str = v.SCHEDULER, error: str = ""
) -> Event:
    """The event that says: this run waited for another attempt, and makes none.

    Args:
        run: the run.
        why: whose wish that is; None: the time for its attempts is over.
        because_of: the entry that shows it.
        actor: who records it; error: what is to be said of a run that is cancelled.
    """
    assert run.retry is not None, "only a run that waits for another attempt"
    payload = structs.replace(
        run.retry.last, retry_at=None, closes=run.retry.seq, because_of=because_of, survivors=[]
    )
    if why == "cancelled":
        payload = structs.replace(
            payload, outcome="cancelled", error=error or "cancelled between two attempts"
        )
    return v.event(payload, actor, job=run.job, run=run.number)


def is_news(state: State, event: Event) -> bool:
    """Whether a `run.finished` that was composed earlier still tells of something that has not been recorded.

    Another process may have recorded how the attempt ended, and may have started the next one.
    """
    run = state.runs.get(-1 if event.run is None else event.run)
    if run is None or run.attempt != event.data.attempt:
        return False
    if event.data.closes is None:
        return run.started is not None
    return run.waits_for_retry and run.retry is not None and run.retry.seq == event.data.closes


def settles(entry: Entry) -> bool:
    """Whether the entry settles its run; one that ends an attempt of a run that goes on does not.

    Raises:
        UnfitPayload: the payload is not what its type says.
    """
    if entry.type == v.RunFinished.TYPE:
        return bool(v.payload(entry).retry_at is None)
    return entry.type == v.RunSkipped.TYPE

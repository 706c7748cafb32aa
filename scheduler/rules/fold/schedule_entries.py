"""How entries about instants change the state: none is settled twice, for only a person moves a cursor back."""

from __future__ import annotations

from datetime import datetime

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.fold import expectations, upstreams
from scheduler.rules.fold.apply import Apply
from scheduler.rules.fold.backfill_entries import advance_backfill
from scheduler.rules.fold.boots import settle_boots
from scheduler.rules.fold.run_entries import owe
from scheduler.rules.instants_state import RESOLUTION, CatchingUp, SettledAhead, SettledByHand
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.state import Job, Run, State


def _schedule_ticked(state: State, entry: Entry, data: v.ScheduleTicked) -> None:
    run = Run(entry.seq, entry.job or "", data.trigger, entry.time, scheduled_for=data.scheduled_for)
    run.nominal = data.nominal
    if data.trigger == "after":
        run.failed_upstream = data.because_of
        upstreams.settled(state, run)
    if data.trigger == "backfill" and (backfill := state.backfills.get(run.job)) is not None:
        run.with_dependents = backfill.with_dependents and backfill.seq == data.because_of
    if data.trigger in ("after", "backfill"):
        owe(state, run)
        advance_backfill(state, entry, data)
        return
    job = _settle(state, entry.job, data.scheduled_for)
    settle_boots(state, entry.job, data.scheduled_for)
    if data.trigger == "catch_up" and job is not None and job.catching_up is not None:
        job.catching_up.left -= 1
        if job.catching_up.left <= 0:
            job.catching_up = None
    if data.trigger == "catch_up":
        expectations.caught_up(state, run)
    owe(state, run)


def _schedule_misfired(state: State, entry: Entry, data: v.ScheduleMisfired) -> None:
    # The instants that will run get ticks of their own, in the same append; only a crash can cut the ticks off.
    missed = upstreams.missed_by(state, entry, data) if state.dependents else None
    job = _settle(state, entry.job, data.last)
    settle_boots(state, entry.job, data.last)
    if data.will_run and job is not None:
        job.catching_up = CatchingUp(data.first, data.last, data.will_run)
    if missed is not None:
        upstreams.misfired(state, entry, missed)


def _schedule_excluded(state: State, entry: Entry, data: v.ScheduleExcluded) -> None:
    job = state.jobs.get(entry.job or "")
    if job is not None:
        job.excluded_until = data.last if job.excluded_until is None else max(job.excluded_until, data.last)


def _schedule_settled(state: State, entry: Entry, data: v.ScheduleSettled) -> None:
    job = _settle(state, entry.job, data.until)
    if job is None:
        return
    job.settled_by_hand = SettledByHand(entry.seq, data.until)
    if state.dependents:
        upstreams.settled_by_hand(state, job, data.until)
    promised = job.catching_up
    if promised is not None and promised.last <= data.until:
        job.catching_up = None
    elif promised is not None and promised.first <= data.until:
        left = schedule_of(job.definition).count_between(data.until, promised.last)
        first = data.until + RESOLUTION
        job.catching_up = CatchingUp(first, promised.last, min(promised.left, left)) if left else None


def _schedule_reopened(state: State, entry: Entry, data: v.ScheduleReopened) -> None:
    job = state.jobs.get(entry.job or "")
    if job is None:
        return
    state.reopened[job.name] = entry.seq
    if entry.time >= job.cursor:
        return
    until = job.settled_until
    job.cursor, job.ahead = entry.time, None
    if data.before is not None:
        job.ahead = SettledAhead(data.before, max(until, data.before))
    job.advance(entry.time)


def _settle(state: State, name: str | None, instant: datetime) -> Job | None:
    job = state.jobs.get(name or "")
    if job is None:
        return None
    job.advance(instant)
    if job.unsettled:
        # Intervals are settled oldest first: one that ends by `instant` is done, one around it is done up to there.
        job.unsettled = [span for span in job.unsettled if span.until > instant]
        for span in job.unsettled:
            span.after = max(span.after, instant)
    return job


APPLY: Apply = {
    v.ScheduleTicked.TYPE: _schedule_ticked,
    v.ScheduleMisfired.TYPE: _schedule_misfired,
    v.ScheduleExcluded.TYPE: _schedule_excluded,
    v.ScheduleSettled.TYPE: _schedule_settled,
    v.ScheduleReopened.TYPE: _schedule_reopened,
}

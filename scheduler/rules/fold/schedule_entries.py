"""How entries about instants change the state: no instant is settled twice, since the cursor never goes back."""

from __future__ import annotations

from datetime import datetime

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.fold.apply import Apply
from scheduler.rules.fold.backfill_entries import advance_backfill
from scheduler.rules.fold.run_entries import owe
from scheduler.rules.state import CatchingUp, Job, Run, State


def _schedule_ticked(state: State, entry: Entry, data: v.ScheduleTicked) -> None:
    owe(state, Run(entry.seq, entry.job or "", data.trigger, entry.time, scheduled_for=data.scheduled_for))
    if data.trigger == "backfill":  # the schedule has disposed of the instant before
        advance_backfill(state, entry, data)
        return
    job = _settle(state, entry.job, data.scheduled_for)
    if data.trigger == "catch_up" and job is not None and job.catching_up is not None:
        job.catching_up.left -= 1
        if job.catching_up.left <= 0:
            job.catching_up = None


def _schedule_misfired(state: State, entry: Entry, data: v.ScheduleMisfired) -> None:
    # The instants that will run get ticks of their own, in the same append; only a crash can cut the ticks off.
    job = _settle(state, entry.job, data.last)
    if data.will_run and job is not None:
        job.catching_up = CatchingUp(data.first, data.last, data.will_run)


def _schedule_excluded(state: State, entry: Entry, data: v.ScheduleExcluded) -> None:
    job = state.jobs.get(entry.job or "")
    if job is not None:
        job.excluded_until = data.last if job.excluded_until is None else max(job.excluded_until, data.last)


def _settle(state: State, name: str | None, instant: datetime) -> Job | None:
    job = state.jobs.get(name or "")
    if job is None:
        return None
    if instant > job.cursor:
        job.cursor = instant
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
}

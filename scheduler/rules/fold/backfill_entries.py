"""How entries about backfills change the state; they move no job's cursor and settle nothing."""

from __future__ import annotations

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.fold.apply import Apply
from scheduler.rules.instants_state import Backfill
from scheduler.rules.state import State


def _backfill_requested(state: State, entry: Entry, data: v.BackfillRequested) -> None:
    job = state.jobs.get(entry.job or "")
    if job is not None:
        before = state.backfills.get(job.name)
        state.backfills[job.name] = Backfill(
            entry.seq,
            job.definition,
            data.parts,
            data.count,
            # That of the one before may be going still, though that backfill was ended.
            run=None if before is None else before.run,
            with_dependents=data.with_dependents,
        )


def _backfill_ended(state: State, entry: Entry, data: v.BackfillEnded) -> None:
    backfill = state.backfills.get(entry.job or "")
    if backfill is not None and backfill.seq == data.request:
        backfill.end()


def advance_backfill(state: State, entry: Entry, data: v.ScheduleTicked) -> None:
    """An instant of a job's backfill has its tick."""
    backfill = state.backfills.get(entry.job or "")
    if backfill is None or backfill.left <= 0 or backfill.seq != data.because_of:
        return
    backfill.run, backfill.until = entry.seq, data.scheduled_for
    backfill.left -= 1
    backfill.parts = [part for part in backfill.parts if part.last > data.scheduled_for]
    if backfill.left <= 0:
        backfill.end()


APPLY: Apply = {
    v.BackfillRequested.TYPE: _backfill_requested,
    v.BackfillEnded.TYPE: _backfill_ended,
}

"""The laws of backfills: what may be asked for, and which ticks that promises.

That an instant is backfilled once, and only if no run was made for it, cannot be told from the state: it would have
to hold all history. Whoever asks looks that up, and the ticks are held to what was asked for.
"""

from __future__ import annotations

from itertools import pairwise

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.instants_state import Backfill
from scheduler.rules.job_schedule import nominal
from scheduler.rules.requests.backfill import BACKFILL_MAX, is_open, range_end
from scheduler.rules.state import Job, State


def requested(state: State, entry: Entry, data: v.BackfillRequested) -> str:
    """What is wrong with a `backfill.requested`; empty if nothing is."""
    job = state.jobs.get(entry.job or "")
    if job is None or not job.present:
        return f"the config did not have a job {entry.job} then"
    known = state.backfills.get(job.name)
    if known is not None and known.left > 0:
        return f"a backfill of {job.name} was under way, by entry {known.seq}"
    if data.previous != (None if known is None else known.seq):
        return f"the backfill before it is not entry {data.previous}"
    if wrong := _contradiction(entry.seq, data):
        return wrong
    if data.last > range_end(job, entry.time):
        return f"{data.last:%Y-%m-%d %H:%M:%S} UTC had not passed"
    if any(is_open(job, part.first) or is_open(job, part.last) for part in data.parts):
        return f"nothing is settled yet of what is open of the schedule of {job.name}"
    return ""


def _contradiction(seq: int, data: v.BackfillRequested) -> str:
    """What does not fit together within one request."""
    parts = data.parts
    apart = all(before.last < after.first for before, after in pairwise(parts))
    each = all(
        part.first <= part.last
        and (part.count == 1) == (part.first == part.last)
        and len(part.replaces) in (0, 1, part.count)
        and all(replaced < seq for replaced in part.replaces)
        for part in parts
    )
    count = sum(part.count for part in parts)
    whole = parts and (data.first, data.last, data.count) == (parts[0].first, parts[-1].last, count)
    if not (apart and each and whole) or not 1 <= data.count <= BACKFILL_MAX:
        return "its numbers contradict one another"
    return ""


def ticked(state: State, job: Job, data: v.ScheduleTicked) -> str:
    """What is wrong with a tick that has the trigger `backfill`."""
    due = f"{data.scheduled_for:%Y-%m-%d %H:%M:%S} UTC"
    backfill = state.backfills.get(job.name)
    if backfill is None or backfill.left <= 0 or backfill.seq != data.because_of:
        return f"nobody had asked that {due} be backfilled"
    if backfill.run in state.runs:
        return f"run {backfill.run} of this backfill had not ended"
    if backfill.until is not None and data.scheduled_for <= backfill.until:
        return f"{due} had its turn before"
    if not _is_part(backfill, data):
        return f"nobody had asked that {due} be backfilled"
    assert backfill.definition is not None, "of one of which something is left"
    if data.nominal != nominal(backfill.definition, data.scheduled_for):
        return f"by the jitter of {job.name}, {due} is no such time of its schedule"
    return ""


def _is_part(backfill: Backfill, data: v.ScheduleTicked) -> bool:
    for part in backfill.parts:
        if part.first <= data.scheduled_for <= part.last:
            return data.replaces in part.replaces if part.replaces else data.replaces is None
    return False


def ended(state: State, entry: Entry, data: v.BackfillEnded) -> str:
    """What is wrong with a `backfill.ended`."""
    backfill = state.backfills.get(entry.job or "")
    if backfill is None or backfill.seq != data.request or backfill.left <= 0:
        return f"no backfill by entry {data.request} was under way"
    return "" if backfill.left == data.left else f"{backfill.left} of it were to come, not {data.left}"

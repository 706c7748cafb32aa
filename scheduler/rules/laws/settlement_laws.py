"""The laws of what a person settles, and opens again."""

from __future__ import annotations

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.state import State


def settled(state: State, entry: Entry, data: v.ScheduleSettled) -> str:
    """What is wrong with a `schedule.settled`; empty if nothing is."""
    job = state.jobs.get(entry.job or "")
    if job is None or not job.present:
        return f"the config did not have a job {entry.job} then"
    if data.first is None or data.last is None:
        contradicts = data.count != 0 or data.first is not data.last
    else:
        contradicts = data.count < 1 or not data.first <= data.last <= data.until
    if contradicts:
        return "its numbers contradict one another"
    if data.until <= job.cursor and not any(span.after < data.until for span in job.unsettled):
        return f"all up to {data.until:%Y-%m-%d %H:%M:%S} UTC was settled before"
    return ""


def reopened(state: State, entry: Entry, data: v.ScheduleReopened) -> str:
    """What is wrong with a `schedule.reopened`; empty if nothing is."""
    job = state.jobs.get(entry.job or "")
    if job is None or not job.present:
        return f"the config did not have a job {entry.job} then"
    if data.previous != state.reopened.get(job.name):
        return f"the reopening before it is not entry {data.previous}"
    until = job.settled_until
    if job.cursor <= entry.time:
        return f"nothing of {job.name} that is to come was settled"
    if data.until != until or (data.before is not None and not entry.time < data.before <= until):
        return f"{job.name} was settled up to {until:%Y-%m-%d %H:%M:%S} UTC"
    if job.ahead is not None and (data.before is None or data.before > job.ahead.first):
        return f"{job.ahead.first:%Y-%m-%d %H:%M:%S} UTC has a tick of its own"
    if any(part.entry >= entry.seq or part.count < 1 for part in data.reopens):
        return "its numbers contradict one another"
    return ""

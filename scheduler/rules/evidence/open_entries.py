"""Which entries something that is not settled yet refers to: a segment that holds one is not archived."""

from __future__ import annotations

from collections.abc import Iterator

from scheduler.rules.state import Job, State


def oldest_open_entry(state: State) -> int | None:
    """The oldest entry that an unfinished run, or something else that is open, refers to; None if nothing is open.

    Open are: runs that are owed or going, processes of ended runs that could not be stopped, backfills with instants
    to come, instants that a job awaits of others, changes that nobody has decided on, a config that was refused and
    is not corrected. What the state holds whole, such as a definition, needs its entry no more.
    """
    return min(_open_entries(state), default=None)


def _open_entries(state: State) -> Iterator[int]:
    yield from state.runs
    yield from (left.run for left in state.left_running)
    yield from (change.seq for change in state.changes.values() if not change.was_rejected)
    if state.rejection is not None:
        yield state.rejection.seq
    for backfill in state.backfills.values():
        if backfill.definition is not None:
            yield backfill.seq
            yield from (seq for part in backfill.parts for seq in part.replaces)
    for job in state.jobs.values():
        yield from _awaited_entries(job)


def _awaited_entries(job: Job) -> Iterator[int]:
    if job.passed is not None:
        yield from (job.passed.run, job.passed.seq)
    for awaited in job.awaited:
        yield from (*awaited.succeeded.values(), *awaited.failed.values())
        if awaited.run is not None:
            yield awaited.run

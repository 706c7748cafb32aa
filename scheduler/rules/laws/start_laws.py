"""The laws of starts: which attempt may begin, and, where several nodes share a ledger, where.

There the leader assigns an attempt to a node, and that node starts it: what holds of a start on one machine has to
hold when it is assigned, and the start repeats what the assignment says.
"""

from __future__ import annotations

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.after import successes_of_start
from scheduler.rules.state import Job, Run, State


def in_flight(state: State, entry: Entry) -> tuple[Run | None, str]:
    """The run that an entry is about, if it is owed or started and not over; or what is wrong with that."""
    run = state.runs.get(-1 if entry.run is None else entry.run)
    if run is None:
        return None, f"run {entry.run} had ended before, or was never owed"
    if run.job != entry.job:
        return None, f"run {run.number} is one of {run.job}, not of {entry.job}"
    return run, ""


def started(state: State, entry: Entry, data: v.RunStarted) -> str:
    """What is wrong with a `run.started`; empty if nothing is."""
    run, why = in_flight(state, entry)
    if run is None:
        return why
    if why := _not_the_next(run, data.attempt):
        return why
    if state.nodes:
        return _not_as_assigned(run, data)
    if data.node is not None:
        return f"no node {data.node} had joined"
    return _not_free(state, run, data)


def assigned(state: State, entry: Entry, data: v.RunAssigned) -> str:
    """What is wrong with a `run.assigned`; empty if nothing is."""
    run, why = in_flight(state, entry)
    if run is None:
        return why
    former = None if run.assigned is None else run.assigned.node
    if data.instead_of != former or data.node == former:
        return f"run {run.number} was assigned to {former or 'no node'} before"
    return _not_the_next(run, data.attempt) or _no_room(state, run, data.node) or _not_free(state, run, data)


def _not_the_next(run: Run, attempt: int) -> str:
    if attempt <= run.attempt:
        return f"attempt {attempt} of run {run.number} had started before"
    if run.started is not None:
        return f"attempt {run.attempt} of run {run.number} had not ended"
    if attempt > run.attempt + 1:
        return f"run {run.number} was at attempt {run.attempt}: the next one is not {attempt}"
    if run.failed_upstream is not None:
        return f"a job before {run.job} had not succeeded, by entry {run.failed_upstream}"
    return ""


def _not_as_assigned(run: Run, data: v.RunStarted) -> str:
    """What is wrong with where an attempt starts, and with what it repeats of its assignment."""
    given = run.assigned
    if given is None:
        return f"run {run.number} was assigned to no node"
    if data.node != given.node:
        return f"run {run.number} was assigned to {given.node}, by entry {given.seq}, not to {data.node}"
    if (data.attempt, data.locks, data.successes) != (given.attempt, run.locks, given.successes):
        return f"it is not the attempt, or not with the locks and successes, that entry {given.seq} assigned"
    return ""


def _no_room(state: State, run: Run, name: str) -> str:
    """Why a node may not have another run; empty if it may."""
    node, job = state.nodes.get(name), state.jobs.get(run.job)
    if node is None or not node.takes_new:
        return f"no node {name} took anything new"
    if (unfit := node.why_unfit(run.job)) is not None:
        return f"{name} cannot run {run.job}, by entry {node.described_seq}: {unfit}"
    if job is not None and not node.answers_to(job.definition.runs_on):
        return f"{name} is not {job.definition.runs_on}, on which {job.name} runs"
    others = sum(name == each.place for each in state.runs.values() if each is not run)
    if others >= node.max_parallel:
        return f"{name} takes {node.max_parallel} at once, and had {others}"
    return ""


def _not_free(state: State, run: Run, data: v.RunStarted | v.RunAssigned) -> str:
    """What keeps a run from its next attempt: success of other jobs that it lacks, a run of its job, or locks."""
    job = state.jobs.get(run.job)
    if job is not None and data.successes != successes_of_start(state, run, job):
        return f"run {run.number} had to wait for the success of other jobs, which these entries are not"
    if data.waited_behind is not None:
        passed = None if job is None else job.passed
        if passed is None or passed.run != data.waited_behind or passed.seq < run.number:
            return f"run {run.number} did not wait for the end of run {data.waited_behind}"
    return _locks_taken(state, run, job, data.locks)


def _locks_taken(state: State, run: Run, job: Job | None, locks: dict[str, int]) -> str:
    """What is wrong with the locks that an attempt takes.

    It takes all that its job has by the definition in force, and no lock has more holders than it may have.
    """
    missing = [] if job is None or not job.present else [n for n in job.definition.locks if n not in locks]
    if job is not None and missing:
        return f"{job.name} needs the lock {missing[0]}, by entry {job.defined_seq}, and the attempt did not take it"
    for name, capacity in locks.items():
        holders = [each.number for each in state.runs.values() if name in each.locks and each is not run]
        if len(holders) >= capacity:
            of = "one run" if capacity == 1 else f"{capacity} runs"
            return f"the lock {name} is for {of}, and run {', '.join(map(str, holders))} held it"
    return ""

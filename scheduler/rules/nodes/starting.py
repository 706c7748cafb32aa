"""Starting: what a node starts of what was assigned to it; what it reports, and stops, that is lost. Pure rules."""

from __future__ import annotations

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.rules.nodes.nodes_state import LostAttempt
from scheduler.rules.runs.attempts import end_of_wish
from scheduler.rules.runs.dispatch import SecretDigest
from scheduler.rules.runs.run_events import after_wait, started
from scheduler.rules.state import Executor, Job, Run, State


def assigned_starts(state: State, node: str, executor: Executor, secret_sha256: SecretDigest) -> list[Event]:
    """`run.started` for each run that this node is to start, in the order in which they were assigned.

    What a person, the config or a job before it no longer wants is left: the leader skips it.

    Args:
        state: as it stands; node: the name of the node.
        executor: its process, which will watch them.
        secret_sha256: the digest of an attempt's secret, by run and attempt.
    """
    mine = state.nodes.get(node)
    if mine is None or not mine.serves:
        return []
    given = [
        (run.assigned.seq, run)
        for run in state.runs.values()
        if run.assigned is not None and run.assigned.node == node
    ]
    events = []
    for _, run in sorted(given, key=lambda each: each[0]):
        job = state.jobs.get(run.job)
        if job is not None and end_of_wish(run, job) is None:
            events.append(_start(run, job, executor, secret_sha256))
    return events


def _start(run: Run, job: Job, executor: Executor, secret_sha256: SecretDigest) -> Event:
    """A start repeats what the assignment says: its locks, the successes, and for what the run had waited."""
    given = run.assigned
    assert given is not None, "only what was assigned starts"
    digest = secret_sha256(run.number, given.attempt)
    event = started(
        run,
        job.definition,
        executor,
        digest,
        locks=run.locks,
        successes=given.successes,
        node=given.node,
    )
    waited = given.waited
    return event if waited is None else after_wait(event, waited.run, waited.lock, waited.slots)


def report(state: State, node: str, event: Event) -> Event | None:
    """The `run.reported` of how an attempt ended that is lost on record; None if it is not, or was told before.

    Args:
        state: as it stands; node: which made the attempt.
        event: its `run.finished`, which can no longer be recorded.
    """
    mine = state.nodes.get(node)
    told = (event.run, event.data.attempt)
    if mine is None or all((each.run, each.attempt) != told for each in mine.lost_attempts):
        return None
    members = {name: getattr(event.data, name) for name in v.RunReported.__struct_fields__ if name != "node"}
    return v.event(v.RunReported(node=node, **members), v.SCHEDULER, job=event.job, run=event.run)


def must_stop(state: State, lost: LostAttempt) -> str | None:
    """Why a node that still makes an attempt which is lost on record is to stop it; None if it may go on.

    It may unless another attempt of the run, or another run of its job, has begun since, and these do not run side by
    side (`overlap: allow`). What is only assigned may begin at any moment, and counts.
    """
    job = state.jobs.get(lost.job)
    if job is None or job.definition.overlap == "allow":
        return None
    for number in job.live:
        run = state.runs[number]
        if not run.begun:
            continue
        if number == lost.run:
            attempt = run.attempt if run.assigned is None else run.assigned.attempt
            return f"it is lost on record, and attempt {attempt} of it has begun"
        return f"it is lost on record, and run {number} of {job.name} has begun"
    last = job.last
    if last is not None and last.run != lost.run and last.started is not None and last.started > lost.time:
        return f"it is lost on record, and run {last.run} of {job.name} was made since"
    return None

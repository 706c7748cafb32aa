"""How entries about runs change the state: a run has one end, and what comes after it changes nothing."""

from __future__ import annotations

from datetime import datetime

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.awaited import EndedWait, PassedRun, Success
from scheduler.rules.fold import expectations, upstreams
from scheduler.rules.fold.apply import Apply
from scheduler.rules.fold.node_entries import note_lost
from scheduler.rules.state import Executor, Job, LastRun, LeftRunning, RetryWait, Run, State

LEFT_RUNNING_MAX = 20
"""The state holds at most this many runs with processes that could not be stopped: the newest ones."""


def _run_requested(state: State, entry: Entry, data: v.RunRequested) -> None:
    run = Run(entry.seq, entry.job or "", "manual", entry.time, by=data.executor, actor=entry.actor)
    run.has_options = bool(data.parameters)
    if data.params:
        run.params = data.params
    run.retry_of, run.original_scheduled_for = data.retry_of, data.original_scheduled_for
    run.with_dependents = data.with_dependents
    owe(state, run)
    if run.retry_of is not None:
        upstreams.made_again(state, run)


def owe(state: State, run: Run) -> None:
    """A run joins those in flight."""
    state.runs[run.number] = run
    job = state.jobs.get(run.job)
    if job is not None:
        job.live.append(run.number)
    if state.dependents:
        upstreams.owed(state, run)


def _in_flight(state: State, entry: Entry) -> Run | None:
    """The entry's run; None if it has ended, and then the entry changes nothing."""
    return state.runs.get(-1 if entry.run is None else entry.run)


def _run_cancel_requested(state: State, entry: Entry, data: v.RunCancelRequested) -> None:
    run = _in_flight(state, entry)
    if run is not None:
        run.cancel_seq = entry.seq


def executor_of(data: v.RunStarted | v.RunAdopted) -> Executor:
    """The process that watches a run since this entry."""
    return Executor(data.host, data.boot_id, data.executor_pid, data.executor_start_ticks, data.pid_namespace)


def _run_started(state: State, entry: Entry, data: v.RunStarted) -> None:
    run = _in_flight(state, entry)
    if run is not None:
        if state.expectations is not None:
            expectations.started(state, run, entry)
        run.attempt, run.started, run.started_seq = data.attempt, entry.time, entry.seq
        run.secret_sha256 = data.secret_sha256
        run.executor = executor_of(data)
        run.locks = data.locks
        run.waited = _ended_wait(state, run, data)
        run.assigned, run.node = None, data.node
        if entry.actor == v.SCHEDULER:
            run.by = "scheduler"


def _ended_wait(state: State, run: Run, data: v.RunStarted) -> EndedWait | None:
    job = state.jobs.get(run.job)
    awaited = zip(job.definition.awaits, data.successes, strict=False) if job and data.successes else ()
    jobs = [name for name, seq in awaited if seq > run.number]
    if data.waited_behind is None and data.waited_for is None and not data.slots and not jobs:
        return None
    return EndedWait(data.waited_behind, data.waited_for, data.slots, jobs)


def _run_adopted(state: State, entry: Entry, data: v.RunAdopted) -> None:
    run = _in_flight(state, entry)
    if run is not None:
        run.executor = executor_of(data)
        run.node = data.node


def _run_finished(state: State, entry: Entry, data: v.RunFinished) -> None:
    run = state.runs.get(-1 if entry.run is None else entry.run)
    if run is not None and run.executor is not None and data.survivors:
        left = LeftRunning(run.number, run.job, run.executor.boot_id, data.survivors)
        state.left_running = [*state.left_running, left][-LEFT_RUNNING_MAX:]
    if data.outcome == "lost" and run is not None and run.node is not None and run.started is not None:
        note_lost(state, run, entry)
    if data.retry_at is not None:
        if run is not None and run.started is not None:
            _await_retry(run, entry, data, data.retry_at)
        return
    if state.expectations is not None and run is not None:
        expectations.ended(state, run, entry, "finished")
        if data.outcome == "succeeded":
            expectations.succeeded(state, run, entry)
    job = _end(state, entry, succeeded=data.outcome == "succeeded")
    if job is not None and entry.run is not None:
        if data.outcome == "succeeded" and run is not None and run.passes_on:
            job.success = Success(entry.seq, entry.time)
        job.last = LastRun(
            entry.run,
            data.trigger,
            entry.time,
            outcome=data.outcome,
            started=data.started,
            duration_ms=data.duration_ms,
            exit_code=data.exit_code,
            signal=data.signal,
            error=data.error,
            seq=entry.seq,
        )


def _await_retry(run: Run, entry: Entry, data: v.RunFinished, at: datetime) -> None:
    first_started = data.started if run.retry is None else run.retry.first_started
    run.retry = RetryWait(at, entry.seq, entry.time, first_started, data)
    run.started = run.started_seq = run.executor = run.secret_sha256 = run.node = None
    run.locks, run.waited = {}, None


def _run_skipped(state: State, entry: Entry, data: v.RunSkipped) -> None:
    if state.expectations is not None and (run := _in_flight(state, entry)) is not None:
        expectations.ended(state, run, entry, "skipped")
    job = _end(state, entry)
    if job is not None and entry.run is not None:
        job.last_skipped = LastRun(entry.run, data.trigger, entry.time, skipped=data.reason, seq=entry.seq)


def _end(state: State, entry: Entry, *, succeeded: bool = False) -> Job | None:
    """Remove a run from those in flight; its job, or None if the entry's run was not in flight."""
    run = state.runs.pop(-1 if entry.run is None else entry.run, None)
    if run is None:
        return None
    job = state.jobs.get(run.job)
    if job is not None and run.number in job.live:
        came_first = run.attempt > 0 or job.live[0] == run.number
        job.live.remove(run.number)
        if not job.live:
            job.passed = None
        elif came_first:
            job.passed = PassedRun(run.number, entry.seq)
    if state.dependents:
        upstreams.ended(state, run, entry, succeeded=succeeded)
    return job


APPLY: Apply = {
    v.RunRequested.TYPE: _run_requested,
    v.RunCancelRequested.TYPE: _run_cancel_requested,
    v.RunStarted.TYPE: _run_started,
    v.RunAdopted.TYPE: _run_adopted,
    v.RunFinished.TYPE: _run_finished,
    v.RunSkipped.TYPE: _run_skipped,
}

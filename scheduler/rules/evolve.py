"""`evolve`: the fold that turns entries into the current state.

Pure: it reads no clock, file or environment. For speed it changes the state it is given and returns it; a
caller that needs the old state copies it first. It also upholds two laws of the ledger: a run has one final
`run.finished`, and no instant is settled twice (the cursor never goes back).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import Any

from eventstore.store import Entry, Head
from scheduler import vocabulary as v
from scheduler.entry_members import MisfireReason
from scheduler.rules.clock_trust import mark_after_step, mark_at_start
from scheduler.rules.job_schedule import excluded, same_days, schedule_of
from scheduler.rules.state import (
    Calendar,
    CatchingUp,
    ClockMark,
    ClosedInterval,
    Enablement,
    Executor,
    Job,
    LastRun,
    LeftRunning,
    Rejection,
    RetryWait,
    Run,
    SchedulerStatus,
    State,
)
from scheduler.vocabulary.payload import UnfitPayload

LEFT_RUNNING_MAX = 20
"""The state holds at most this many runs with processes that could not be stopped: the newest ones."""


def evolve(state: State, entry: Entry) -> State:
    """The state after one more entry; entries come in the order of their `seq`, without gaps.

    Raises:
        ValueError: the entry is not the next one.
    """
    if entry.seq != state.head.seq + 1:
        raise ValueError(f"entry {entry.seq} does not follow entry {state.head.seq}")
    apply = _APPLY.get(entry.type)
    if apply is not None:
        apply(state, entry, v.payload(entry))
    state.head = Head(entry.seq, entry.hash)
    state.time = entry.time
    return state


def fold(state: State, entries: Iterable[Entry]) -> State:
    """`evolve` over all entries."""
    for entry in entries:
        evolve(state, entry)
    return state


def _ledger_created(state: State, entry: Entry, data: v.LedgerCreated) -> None:
    state.ledger = data.ledger


def _home_adopted(state: State, entry: Entry, data: v.HomeAdopted) -> None:
    state.home = data.home
    state.left_running = []  # they are the original's, which goes on knowing of them


def _scheduler_started(state: State, entry: Entry, data: v.SchedulerStarted) -> None:
    state.scheduler = SchedulerStatus(entry.seq, entry.time, data.pid, data.host, data.boot_id, data.versions)
    if state.left_running:
        state.left_running = [left for left in state.left_running if left.boot_id == data.boot_id]
    if data.boottime_ms is not None:
        state.clock = mark_at_start(
            state.clock, state.time, ClockMark(entry.time, data.boot_id, data.boottime_ms)
        )


def _scheduler_stopped(state: State, entry: Entry, data: v.SchedulerStopped) -> None:
    if state.scheduler is not None:
        state.scheduler.stopped_seq, state.scheduler.stopped = entry.seq, entry.time
        state.scheduler.stop_reason = data.reason


def _scheduler_paused(state: State, entry: Entry, data: v.SchedulerPaused) -> None:
    if state.scheduler is not None:
        state.scheduler.paused, state.scheduler.pause_reason = entry.time, data.reason


def _scheduler_resumed(state: State, entry: Entry, data: v.SchedulerResumed) -> None:
    if state.scheduler is not None:
        state.scheduler.paused = state.scheduler.pause_reason = None


def _clock_stepped(state: State, entry: Entry, data: v.ClockStepped) -> None:
    if data.boottime_ms is not None and data.kind == "step" and state.scheduler is not None:
        now = ClockMark(entry.time, state.scheduler.boot_id, data.boottime_ms)
        state.clock = mark_after_step(state.clock, timedelta(milliseconds=data.by_ms), now)


def _config_accepted(state: State, entry: Entry, data: v.ConfigAccepted) -> None:
    state.config = data.config
    state.rejection = None


def _config_rejected(state: State, entry: Entry, data: v.ConfigRejected) -> None:
    state.rejection = Rejection(entry.seq, entry.time, data.config, data.errors, data.error_count)


def _job_defined(state: State, entry: Entry, data: v.JobDefined) -> None:
    new = data.definition
    if new.calendars is not None and not state.known_days.issuperset(new.calendars.all_digests()):
        raise UnfitPayload(entry.seq, entry.type, "definition")
    job = state.jobs.get(new.name)
    enablement = Enablement(enabled=new.enabled, actor=entry.actor, seq=entry.seq, time=entry.time)
    if job is None:
        state.jobs[new.name] = Job(new, data.revision, entry.seq, enablement, cursor=entry.time)
        return
    if not job.present:
        # It comes back: the enablement from before its removal does not hold for the new definition.
        job.removed_seq = None
        job.enablement = enablement
        job.cursor = max(job.cursor, entry.time)
    elif new.timing() != job.definition.timing() and not same_days(
        job.definition, new, _open_since(job), entry.time
    ):
        _close(job, entry.time, "replaced")
    elif job.definition.enabled and not new.enabled:
        _close(job, entry.time, "disabled")
    if new.enabled != job.definition.enabled:
        if new.enabled:
            _open(job, entry.time)
        job.enablement = enablement
    job.definition, job.revision, job.defined_seq = new, data.revision, entry.seq


def _open_since(job: Job) -> datetime:
    """From when on something of a job's schedule is not settled yet, or was promised to be caught up."""
    return job.cursor if job.catching_up is None else min(job.cursor, job.catching_up.first)


def _calendar_defined(state: State, entry: Entry, data: v.CalendarDefined) -> None:
    try:
        new = Calendar(data.name, data.days, entry.seq, data.weekdays, data.dates, data.ical_sha256)
    except ValueError:
        raise UnfitPayload(entry.seq, entry.type, "dates") from None
    state.define_calendar(new)


def _schedule_excluded(state: State, entry: Entry, data: v.ScheduleExcluded) -> None:
    job = state.jobs.get(entry.job or "")
    if job is not None:
        job.excluded_until = data.last if job.excluded_until is None else max(job.excluded_until, data.last)


def _job_removed(state: State, entry: Entry, data: v.JobRemoved) -> None:
    job = _present(state, entry)
    if job is not None:
        _close(job, entry.time, "removed")
        job.removed_seq = entry.seq


def _present(state: State, entry: Entry) -> Job | None:
    """The entry's job; None if it was removed: then it has no schedule to change."""
    job = state.jobs.get(entry.job or "")
    return job if job is not None and job.present else None


def _job_enabled(state: State, entry: Entry, data: v.JobEnabled) -> None:
    job = _present(state, entry)
    if job is None:
        return
    at = data.effective_at or entry.time
    if data.catch_up:
        _keep_pause(job, at)
    _open(job, at)
    job.enablement = Enablement(True, entry.actor, entry.seq, entry.time, data.reason)


def _job_disabled(state: State, entry: Entry, data: v.JobDisabled) -> None:
    job = _present(state, entry)
    if job is None:
        return
    _close(job, entry.time, "disabled")
    job.enablement = Enablement(False, entry.actor, entry.seq, entry.time, data.reason, data.until)


def _open(job: Job, at: datetime) -> None:
    """The schedule comes into force, if it was not: what passed before is not owed.

    A pause may have ended by itself, unwatched, before this was said.
    """
    if not job.enablement.enabled:
        until = job.enablement.until
        job.cursor = max(job.cursor, at if until is None else min(at, until))


def _keep_pause(job: Job, at: datetime) -> None:
    """The instants since the job was disabled are open again; those of a pause that ended by itself are not."""
    until = job.enablement.until
    if job.enablement.enabled or (until is not None and until <= at) or job.cursor >= at:
        return
    first = schedule_of(job.definition).next_after(job.cursor)
    if first is not None and first <= at:
        job.unsettled.append(ClosedInterval(job.definition, job.cursor, at, "paused"))


def _close(job: Job, at: datetime, reason: MisfireReason) -> None:
    """The job's schedule ceases to be in force: its open instants up to `at` are closed, the cursor moves to `at`.

    A schedule that was not in force has nothing to close: disabling a disabled job changes no instant.
    """
    job.catching_up = None
    for span in job.unsettled:
        if span.reason == "paused":  # what was to be caught up is not any more
            span.reason = reason
    after: datetime | None = job.cursor
    if not job.enablement.enabled:
        # A pause may have ended by itself, unwatched, before this entry was recorded.
        after = None if job.enablement.until is None else max(job.cursor, job.enablement.until)
    if after is None or after >= at:
        return
    first = schedule_of(job.definition).next_after(after)
    if (first is not None and first <= at) or excluded(
        job.definition, max(after, job.excluded_until or after), at
    ).count:
        job.unsettled.append(ClosedInterval(job.definition, after, at, reason))
    job.cursor = at


def _schedule_ticked(state: State, entry: Entry, data: v.ScheduleTicked) -> None:
    job = _settle(state, entry.job, data.scheduled_for)
    if data.trigger == "catch_up" and job is not None and job.catching_up is not None:
        job.catching_up.left -= 1
        if job.catching_up.left <= 0:
            job.catching_up = None
    _owe(state, Run(entry.seq, entry.job or "", data.trigger, entry.time, scheduled_for=data.scheduled_for))


def _schedule_misfired(state: State, entry: Entry, data: v.ScheduleMisfired) -> None:
    # The instants that will run get ticks of their own, in the same append; only a crash can cut the ticks off.
    job = _settle(state, entry.job, data.last)
    if data.will_run and job is not None:
        job.catching_up = CatchingUp(data.first, data.last, data.will_run)


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


def _run_requested(state: State, entry: Entry, data: v.RunRequested) -> None:
    run = Run(entry.seq, entry.job or "", "manual", entry.time, by=data.executor, actor=entry.actor)
    run.has_options = bool(data.parameters)
    if data.params:
        run.params = data.params
    run.retry_of, run.original_scheduled_for = data.retry_of, data.original_scheduled_for
    _owe(state, run)


def _owe(state: State, run: Run) -> None:
    state.runs[run.number] = run
    job = state.jobs.get(run.job)
    if job is not None:
        job.live.append(run.number)


def _in_flight(state: State, entry: Entry) -> Run | None:
    """The entry's run; None if it has ended, and then the entry changes nothing."""
    return state.runs.get(-1 if entry.run is None else entry.run)


def _run_cancel_requested(state: State, entry: Entry, data: v.RunCancelRequested) -> None:
    run = _in_flight(state, entry)
    if run is not None:
        run.cancel_seq = entry.seq


def _executor(data: v.RunStarted | v.RunAdopted) -> Executor:
    return Executor(data.host, data.boot_id, data.executor_pid, data.executor_start_ticks, data.pid_namespace)


def _run_started(state: State, entry: Entry, data: v.RunStarted) -> None:
    run = _in_flight(state, entry)
    if run is not None:
        run.attempt, run.started = data.attempt, entry.time
        run.secret_sha256 = data.secret_sha256
        run.executor = _executor(data)
        if entry.actor == v.SCHEDULER:
            run.by = "scheduler"


def _run_adopted(state: State, entry: Entry, data: v.RunAdopted) -> None:
    run = _in_flight(state, entry)
    if run is not None:
        run.executor = _executor(data)


def _run_finished(state: State, entry: Entry, data: v.RunFinished) -> None:
    run = state.runs.get(-1 if entry.run is None else entry.run)
    if run is not None and run.executor is not None and data.survivors:
        left = LeftRunning(run.number, run.job, run.executor.boot_id, data.survivors)
        state.left_running = [*state.left_running, left][-LEFT_RUNNING_MAX:]
    if data.retry_at is not None:
        if run is not None and run.started is not None:
            _await_retry(run, entry, data, data.retry_at)
        return
    job = _end(state, entry)
    if job is not None and entry.run is not None:
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
        )


def _await_retry(run: Run, entry: Entry, data: v.RunFinished, at: datetime) -> None:
    first_started = data.started if run.retry is None else run.retry.first_started
    run.retry = RetryWait(at, entry.seq, first_started, data)
    run.started = run.executor = run.secret_sha256 = None


def _run_skipped(state: State, entry: Entry, data: v.RunSkipped) -> None:
    job = _end(state, entry)
    if job is not None and entry.run is not None:
        job.last_skipped = LastRun(entry.run, data.trigger, entry.time, skipped=data.reason)


def _end(state: State, entry: Entry) -> Job | None:
    """Remove a run from those in flight; its job, or None if the entry's run was not in flight."""
    run = state.runs.pop(-1 if entry.run is None else entry.run, None)
    if run is None:
        return None
    job = state.jobs.get(run.job)
    if job is not None and run.number in job.live:
        job.live.remove(run.number)
    return job


_APPLY: dict[str, Callable[[State, Entry, Any], None]] = {
    v.LedgerCreated.TYPE: _ledger_created,
    v.HomeAdopted.TYPE: _home_adopted,
    v.SchedulerStarted.TYPE: _scheduler_started,
    v.SchedulerStopped.TYPE: _scheduler_stopped,
    v.SchedulerPaused.TYPE: _scheduler_paused,
    v.SchedulerResumed.TYPE: _scheduler_resumed,
    v.ClockStepped.TYPE: _clock_stepped,
    v.ConfigAccepted.TYPE: _config_accepted,
    v.ConfigRejected.TYPE: _config_rejected,
    v.CalendarDefined.TYPE: _calendar_defined,
    v.JobDefined.TYPE: _job_defined,
    v.JobRemoved.TYPE: _job_removed,
    v.JobEnabled.TYPE: _job_enabled,
    v.JobDisabled.TYPE: _job_disabled,
    v.ScheduleTicked.TYPE: _schedule_ticked,
    v.ScheduleMisfired.TYPE: _schedule_misfired,
    v.ScheduleExcluded.TYPE: _schedule_excluded,
    v.RunRequested.TYPE: _run_requested,
    v.RunCancelRequested.TYPE: _run_cancel_requested,
    v.RunStarted.TYPE: _run_started,
    v.RunAdopted.TYPE: _run_adopted,
    v.RunFinished.TYPE: _run_finished,
    v.RunSkipped.TYPE: _run_skipped,
}
"""How each type of entry changes the state; a type that is not here changes only the head.

Other tables hold how each type of entry is worded. They stay apart from this one: the fold must not depend on words,
because each change of this file makes all earlier snapshots invalid.
"""

"""Orphans: runs whose executor died. Those that are still running are adopted, the others are lost."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from datetime import datetime

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.entry_members import ASKED_FOR
from scheduler.rules.catch_up import chosen
from scheduler.rules.instants_state import RESOLUTION
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.runs.attempts import with_retry
from scheduler.rules.runs.dispatch import lost, skipped
from scheduler.rules.state import Executor, Run, State

ExecutorAlive = Callable[[Executor], bool]


def orphans(
    state: State, watched_by_others: Iterable[int], mine: Container[int], alive: ExecutorAlive
) -> list[Run]:
    """The runs that another process started and that no process watches any more."""
    found = []
    for number in watched_by_others:
        run = state.runs[number]
        if run.executor is not None and number not in mine and not alive(run.executor):
            found.append(run)
    return found


def settle(
    state: State, found: list[Run], adopted: Container[int], executor: Executor, now: datetime
) -> list[Event]:
    """What to record about orphans: adopted by `executor`, or lost.

    Args:
        found: copies of them as they were found, for the fold changes a run: what has changed since is left alone.
    """
    events = []
    for run in found:
        present = state.runs.get(run.number)
        if present is None or (present.attempt, present.executor) != (run.attempt, run.executor):
            continue
        if run.number in adopted:
            adoption = v.RunAdopted(
                attempt=run.attempt,
                host=executor.host,
                boot_id=executor.boot_id,
                executor_pid=executor.pid,
                executor_start_ticks=executor.start_ticks,
                pid_namespace=executor.pid_namespace,
            )
            events.append(v.event(adoption, v.SCHEDULER, job=run.job, run=run.number))
        else:
            ended = lost(run, "its process was gone when a scheduler looked again")
            events.append(with_retry(state, ended, now))
    return events


def late_run_skips(state: State, now: datetime) -> list[Event]:
    """The skips of runs that were owed when the last scheduler stopped and that the catch-up policy does not want.

    They fell due while a scheduler watched, so they are no misfires; but they would now start as late as misfires.
    What is owed since other jobs have succeeded is owed still: those were to be late.
    """
    waiting: dict[str, list[Run]] = {}
    for run in state.runs.values():
        kept = run.trigger in ASKED_FOR or run.trigger == "after"
        if run.attempt == 0 and run.scheduled_for is not None and not kept:
            waiting.setdefault(run.job, []).append(run)
    events = []
    for name, runs in waiting.items():
        job = state.jobs.get(name)
        if job is None or not job.present:
            # Dispatch skips the runs of a job that is gone, and records why.
            continue
        instants = [run.scheduled_for for run in runs if run.scheduled_for is not None]
        wanted = set(_wanted(job.definition, sorted(instants), now))
        events += [skipped(run, "catch_up", None) for run in runs if run.scheduled_for not in wanted]
    return events


def _wanted(definition: JobDefinition, instants: list[datetime], now: datetime) -> list[datetime]:
    """Those of the instants, which fell due, that the catch-up policy wants run; of boots it wants all."""
    if definition.at_reboot:
        return instants
    before_all = instants[0] - RESOLUTION
    return chosen(definition, schedule_of(definition), before_all, now)

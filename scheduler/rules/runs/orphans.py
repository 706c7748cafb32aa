"""Orphans: runs whose executor died. Those that are still running are adopted, the others are lost."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable
from datetime import datetime

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.entry_members import ASKED_FOR
from scheduler.rules.catch_up import wanted_of
from scheduler.rules.runs.attempts import with_retry
from scheduler.rules.runs.run_events import lost, skipped
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
                node=run.node,
            )
            events.append(v.event(adoption, v.SCHEDULER, job=run.job, run=run.number))
        else:
            ended = lost(run, "its process was gone when a scheduler looked again")
            events.append(with_retry(state, ended, now))
    return events


def late_runs(state: State) -> frozenset[int]:
    """Numbers of the runs that a scheduler which begins finds owed, and that may have waited for too long.

    What is owed since other jobs have succeeded is owed still: those were to be late. So is what a person asked for.
    """
    return frozenset(run.number for run in state.runs.values() if _is_for_its_instant(run))


def late_run_skips(state: State, late: Container[int], now: datetime) -> list[Event]:
    """The skips of those late runs that the catch-up policy does not want.

    They fell due while a scheduler watched, so they are no misfires; but they would now start as late as misfires. So
    they and what is caught up go by one policy, together: that of the job as it is now, for it says what is run late.
    Their instants are those that fell due, whatever the schedule has become since.

    Args:
        state: as it stands once what is caught up is owed.
        late: numbers of the runs that were owed before; the others are not judged.
        now: the moment.
    """
    waiting: dict[str, list[Run]] = {}
    for run in state.runs.values():
        if _is_for_its_instant(run):
            waiting.setdefault(run.job, []).append(run)
    events = []
    for name, runs in waiting.items():
        job = state.jobs.get(name)
        if job is None or not job.present or job.definition.at_reboot:
            # Dispatch skips the runs of a job that is gone, and records why. Of boots all are wanted.
            continue
        wanted = set(wanted_of(job.definition, [due for run in runs if (due := run.scheduled_for)], now))
        skips = (run for run in runs if run.number in late and run.scheduled_for not in wanted)
        events += [skipped(run, "catch_up", None) for run in skips]
    return events


def _is_for_its_instant(run: Run) -> bool:
    """Whether a run is owed, and has made no attempt, for no reason but that its instant came."""
    for_others = run.trigger in ASKED_FOR or run.trigger == "after"
    return run.attempt == 0 and not run.begun and run.scheduled_for is not None and not for_others

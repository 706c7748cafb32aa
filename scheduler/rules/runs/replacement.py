"""Replacement: with `overlap: replace` the run that fell due last takes the place of the others. Pure rules.

Only runs for an instant of the schedule replace. They replace what the schedule or a catch-up asked for, wherever it
runs and whoever started it, and never what a person asked for.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from datetime import datetime

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.entry_members import ASKED_FOR, FALLING_DUE
from scheduler.rules.catch_up import closed_spans
from scheduler.rules.runs.dispatch import unwanted_run, unwanted_runs
from scheduler.rules.runs.run_events import skipped
from scheduler.rules.state import Job, Run, State


def replacements(
    state: State, names: Iterable[str], new: Sequence[Run] = (), ended: Container[int] = ()
) -> tuple[list[Event], set[int]]:
    """What is recorded so that of each job one run takes the place of the others, and which runs are skipped by that.

    A run that has started is asked to stop, unless it was asked before; one that waits is skipped.

    Args:
        state: as it stands.
        names: jobs, with `overlap: replace` or without.
        new: runs that are about to join the state, or were just folded into it.
        ended: numbers of runs whose end is about to be recorded.
    """
    events: list[Event] = []
    for name in dict.fromkeys(names):
        job = state.jobs.get(name)
        if job is None or job.definition.overlap != "replace":
            continue
        runs = {number: state.runs[number] for number in job.live if number not in ended}
        runs |= {run.number: run for run in new if run.job == name and run.number not in ended}
        events += _replacements(job, sorted(runs.values(), key=lambda run: run.number))
    superseded = {event.run for event in events if isinstance(event.data, v.RunSkipped)}
    return events, {number for number in superseded if number is not None}


def left_by_edit(state: State, name: str, now: datetime) -> list[Event]:
    """What is recorded after an entry about a job.

    These are the instants that its schedule still had when that ended, and the end of runs that are no longer wanted.
    """
    return [
        *closed_spans(state.jobs[name], now),
        *unwanted_runs(state, name),
        *replacements(state, [name])[0],
    ]


def _replacements(job: Job, runs: Sequence[Run]) -> list[Event]:
    """The same for one job; `runs` are those of it that are in flight, oldest first."""
    waiting = [run for run in runs if run.attempt == 0 and unwanted_run(run, job) is None]
    newest = next((run for run in reversed(waiting) if run.trigger in FALLING_DUE), None)
    events: list[Event] = []
    for run in runs if newest is not None else ():
        if newest is None or run.number >= newest.number or run.trigger in ASKED_FOR:
            continue
        if run.attempt == 0:
            if run in waiting:
                events.append(skipped(run, "superseded", newest.number))
        elif run.cancel_seq is None:
            request = v.RunCancelRequested(replaced_by=newest.number)
            events.append(v.event(request, v.SCHEDULER, job=run.job, run=run.number))
    return events

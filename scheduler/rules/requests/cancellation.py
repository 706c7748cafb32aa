"""Cancellation: what is recorded when a person wants runs to be stopped. Pure rules.

A run in flight is asked to stop; the process that watches it does the rest. A run that waits for a scheduler while
none serves the home is skipped at once: the next scheduler would do no more, only later.
"""

from __future__ import annotations

from collections.abc import Iterable

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.entry_members import Claims
from scheduler.rules.runs.dispatch import no_start
from scheduler.rules.state import Job, Run, State


def runs_in_flight(state: State, job: Job) -> list[Run]:
    """The runs of a job that are owed or started, oldest first."""
    return [state.runs[number] for number in job.live if number in state.runs]


def cancel_requests(
    state: State, numbers: Iterable[int], reason: str, actor: str, claims: Claims | None = None
) -> list[Event]:
    """`run.cancel_requested` for those of the runs that are in flight and were not asked to stop before."""
    payload = v.RunCancelRequested(reason=reason, claims=claims)
    runs = _in_flight(state, numbers)
    return [v.event(payload, actor, job=run.job, run=run.number) for run in runs if run.cancel_seq is None]


def skips_without_scheduler(state: State, numbers: Iterable[int], actor: str) -> list[Event]:
    """The ends of those of the runs that are cancelled and wait, to start or for their next attempt.

    Only for a home that no scheduler serves.
    """
    cancelled = [
        run for run in _in_flight(state, numbers) if run.started is None and run.cancel_seq is not None
    ]
    waiting = [run for run in cancelled if run.by == "scheduler" or run.waits_for_retry]
    return [no_start(run, "cancelled", run.cancel_seq, actor) for run in waiting]


def _in_flight(state: State, numbers: Iterable[int]) -> list[Run]:
    return [state.runs[number] for number in numbers if number in state.runs]

"""Asking that runs be stopped: which are meant, who will do it, and what to say."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.app.failures import Exit, Failure, complain
from cli.home.job_names import find_job
from cli.runs.settled_run import SETTLING, last_words
from cli.terminal.printable import printable
from cli.words.words import actor_words
from eventstore.journal import Journal
from eventstore.reverse_reader import read_backwards
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.actor import claims, person
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.rules.dispatch import skipped
from scheduler.rules.state import Run, State
from scheduler.scheduler_lock import holder_of
from scheduler.service.executor import executor_alive

_LOOK_BACK_ENTRIES = 50_000
"""How far back the end of a run is looked for, to say how it ended."""


def cancel_runs(home: Home, ledger: Ledger, target: str, reason: str) -> Iterator[str]:
    """Request that the runs meant by `target` be stopped; a line about each.

    Args:
        home: the home; book: its ledger.
        target: number of a run, or name of a job, which means all its runs that are going or waiting.
        reason: why, for the ledger.

    Raises:
        Failure: there is no such run or job, or nothing of it is left to stop.
    """
    numbers = [run.number for run in _meant(ledger, target)]
    actor, said = person(), claims(ledger.state.mark)

    def decide(state: State) -> Sequence[Event]:
        payload = v.RunCancelRequested(reason=reason, claims=said)
        return [
            v.event(payload, actor, job=state.runs[number].job, run=number)
            for number in numbers
            if number in state.runs and state.runs[number].cancel_seq is None
        ]

    asked_before = {number for number in numbers if ledger.state.runs[number].cancel_seq is not None}
    recorded = {entry.run for entry in ledger.decide(decide)}
    jobs = {run.number: run.job for run in ledger.state.runs.values()}
    dropped = {entry.run for entry in ledger.decide(lambda state: _dropped(home, state, numbers, actor))}
    served = holder_of(home.scheduler_lock) is not None
    for number in numbers:
        run = ledger.state.runs.get(number)
        if number in dropped:
            yield f"run {number} of {printable(jobs[number])} is cancelled; it had not started"
        elif number in asked_before:
            yield f"run {number} was asked to stop before"
        elif number not in recorded or run is None:
            yield f"run {number} has just ended by itself"
        else:
            yield f"run {number} of {printable(run.job)} is asked to stop"
        if run is not None and not served and not _watched(run):
            complain(
                f"no scheduler is running and nobody else watches run {number}: it is stopped by the next"
                " `cronledger serve`"
            )


def _dropped(home: Home, state: State, numbers: Sequence[int], actor: str) -> list[Event]:
    """Settles those that are cancelled and wait for a scheduler while none runs: it would do no more, only later."""
    if holder_of(home.scheduler_lock) is not None:
        return []
    runs = [state.runs[number] for number in numbers if number in state.runs]
    return [
        skipped(run, "cancelled", run.cancel_seq, actor)
        for run in runs
        if run.attempt == 0 and run.by == "scheduler" and run.cancel_seq is not None
    ]


def _meant(ledger: Ledger, target: str) -> list[Run]:
    state = ledger.state
    if target.isascii() and target.isdigit() and target not in state.jobs:
        run = state.runs.get(int(target))
        if run is None:
            raise _no_such_run(ledger, int(target))
        return [run]
    job = find_job(state, target, removed=True)
    runs = [state.runs[number] for number in job.live if number in state.runs]
    if not runs:
        raise Failure(f"no run of {printable(target)} is going or waiting", exit_code=Exit.FAILED)
    return runs


def _watched(run: Run) -> bool:
    return run.executor is not None and executor_alive(run.executor)


def _no_such_run(ledger: Ledger, number: int) -> Failure:
    """Why a run that is not in flight cannot be stopped: it has ended, or there never was one."""
    store = ledger.store
    caused = next(store.read(number, number), None) if number <= store.head().seq else None
    if (
        caused is None
        or caused.run != number
        or caused.type not in (v.ScheduleTicked.TYPE, v.RunRequested.TYPE)
    ):
        return Failure(f"there is no run {number}", "`cronledger jobs history` shows the numbers of runs.")
    assert isinstance(store, Journal), "a home's ledger is in a folder"
    for seen, entry in enumerate(read_backwards(store)):
        if entry.run == number and entry.type in SETTLING:
            return Failure(f"it has ended: {last_words(entry)}", exit_code=Exit.FAILED)
        if seen >= _LOOK_BACK_ENTRIES or entry.seq <= number:
            break
    who = actor_words(caused.actor)
    return Failure(
        f"run {number} of {printable(caused.job or '')}, from {who}, ended long ago", exit_code=Exit.FAILED
    )

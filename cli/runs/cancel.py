"""Requests to stop runs: which runs are meant, which process stops them, and what is printed about each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime

from cli.app.failures import ExitCode, Failure, complain
from cli.home.copied import adoption
from cli.home.job_names import find_job
from cli.home.reasons import check_reason
from cli.home.run_numbers import no_run
from cli.runs.settled_run import last_words
from cli.terminal.console import note
from cli.terminal.printable import printable, show_count
from cli.words.wait_words import going_words
from cli.words.words import actor_words
from eventstore.store import Entry, Event
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.run_record import cause_of
from scheduler.ownership.actor import claims, person
from scheduler.ownership.home_identity import is_copy
from scheduler.rules.requests.backfill import ending, under_way
from scheduler.rules.requests.cancellation import cancel_requests, runs_in_flight, skips_without_scheduler
from scheduler.rules.runs.attempts import settles
from scheduler.rules.runs.waiting_reasons import WaitingReasons
from scheduler.rules.state import Run, State
from scheduler.scheduler_lock import holder_of
from scheduler.service.executor import executor_alive
from scheduler.vocabulary import BackfillEnded, payload

_LOOK_BACK_ENTRIES = 50_000
"""The end of a run is looked for among this many of the newest entries, to say how it ended."""
_TOLD_MAX = 10


def cancel_runs(
    home: Home, ledger: Ledger, target: str, reason: str, *, all_runs: bool = False
) -> Iterator[str]:
    """Request that the runs meant by `target` be stopped, and yield a line about each.

    Args:
        home: the home; ledger: its ledger.
        target: the number of a run, or the name of a job, which means its run that is running or waiting.
        reason: why, for the ledger.
        all_runs: a job's name means all such runs.

    Raises:
        Failure: there is no such run or job, or it has no run that could be stopped, or several and one is not
            chosen, or it asks for a reason.
    """
    meant = _meant(ledger, target, all_runs)
    names = dict.fromkeys([run.job for run in meant] + ([target] if all_runs else []))
    check_reason((ledger.state.jobs[name].definition for name in names if name in ledger.state.jobs), reason)
    numbers = [run.number for run in meant]
    actor, said = person(), claims(ledger.state.mark)
    asked_before = {number for number in numbers if ledger.state.runs[number].cancel_seq is not None}

    def requested(state: State) -> list[Event]:
        """With all runs, also those that a backfill has begun meanwhile."""
        ends = ending(state, target, actor, reason, said) if all_runs else []
        if all_runs and target in state.jobs:
            going = runs_in_flight(state, state.jobs[target])
            numbers[:] = dict.fromkeys([*numbers, *(run.number for run in going)])
        return [*ends, *cancel_requests(state, numbers, reason, actor, said)]

    requests = ledger.decide(requested)
    recorded = {entry.run for entry in requests}
    yield from _ended_backfills(requests)
    jobs = {run.number: run.job for run in ledger.state.runs.values()}
    retried = {run.number for run in ledger.state.runs.values() if run.waits_for_retry}
    skips = ledger.decide(lambda state: _skips(home, state, numbers, actor))
    skipped = {entry.run for entry in skips}
    served = holder_of(home.scheduler_lock) is not None
    for number in numbers:
        run = ledger.state.runs.get(number)
        if number in skipped:
            what = "it waited for its next attempt" if number in retried else "it had not started"
            yield f"run {number} of {printable(jobs[number])} is cancelled; {what}"
        elif number in asked_before:
            yield f"run {number} was asked to stop before"
        elif number not in recorded:
            yield f"run {number} has just ended by itself"
        elif run is None:
            yield f"run {number} of {printable(jobs[number])} was asked to stop, and has ended"
        else:
            yield f"run {number} of {printable(run.job)} is asked to stop"
        if run is not None:
            _say_who_stops_it(home, run, served)
    _say_what_goes_on(ledger.state, [run.job for run in meant])


def _ended_backfills(entries: Iterable[Entry]) -> Iterator[str]:
    for entry in entries:
        if entry.type == BackfillEnded.TYPE:
            left = show_count(payload(entry).left, "time")
            yield f"the backfill of {printable(entry.job or '')} is ended, with {left} left"


def _say_what_goes_on(state: State, names: Iterable[str]) -> None:
    """A backfill, one run of which was stopped."""
    for name in dict.fromkeys(names):
        if (backfill := under_way(state, name)) is not None:
            note(
                f"The backfill of {printable(name)} goes on, with {show_count(backfill.left, 'time')} to come: "
                f"`cronledger jobs cancel {printable(name)} --all` ends it."
            )


def _say_who_stops_it(home: Home, run: Run, served: bool) -> None:
    """Where nobody does at once."""
    if is_copy(home):
        complain(
            f"this home is a copy of another one: what run {run.number} started belongs to that one, and is left"
            f" alone; `{adoption(home)}` settles it here"
        )
    elif not served and not _watched(home, run):
        complain(
            f"no scheduler is running and nobody else watches run {run.number}: it is stopped by the next"
            " `cronledger serve`"
        )


def _skips(home: Home, state: State, numbers: Sequence[int], actor: str) -> list[Event]:
    served = holder_of(home.scheduler_lock) is not None
    return [] if served else skips_without_scheduler(state, numbers, actor)


def _meant(ledger: Ledger, target: str, all_runs: bool) -> list[Run]:
    state = ledger.state
    if target.isascii() and target.isdigit() and target not in state.jobs:
        if all_runs:
            raise Failure(f"{target} is the number of a run: --all goes with the name of a job")
        run = state.runs.get(int(target))
        if run is None:
            raise _no_such_run(ledger, int(target))
        return [run]
    runs = runs_in_flight(state, find_job(state, target, removed=True))
    backfill = under_way(state, target)
    if not runs and backfill is not None and all_runs:
        return []
    if not runs and backfill is not None:
        are = "is" if backfill.left == 1 else "are"
        raise Failure(
            f"no run of {printable(target)} is going or waiting, and {show_count(backfill.left, 'time')} of its"
            f" backfill {are} still to come; nothing was cancelled",
            "--all ends the backfill.",
            ExitCode.FAILED,
        )
    if not runs:
        raise Failure(f"no run of {printable(target)} is going or waiting", exit_code=ExitCode.FAILED)
    if len(runs) > 1 and not all_runs:
        raise _several(state, target, runs)
    return runs


def _several(state: State, job: str, runs: Sequence[Run]) -> Failure:
    """Which runs there are, where one is to be chosen."""
    now = datetime.now(UTC)
    waits = WaitingReasons(state, now, served=None)
    told = [f"run {run.number} ({going_words(state, run, waits, now)})" for run in runs[:_TOLD_MAX]]
    more = len(runs) - len(told)
    others = f" and {more} more" if more else ""
    return Failure(
        f"{printable(job)} has {len(runs)} runs that are going or waiting: {', '.join(told)}{others};"
        " nothing was cancelled",
        f"`cronledger jobs cancel {runs[0].number}` stops one of them, --all stops all.",
    )


def _watched(home: Home, run: Run) -> bool:
    return run.executor is not None and executor_alive(home, run.executor)


def _no_such_run(ledger: Ledger, number: int) -> Failure:
    """Why a run that is not in flight cannot be stopped: it has ended, or there never was one."""
    store = ledger.store
    caused = cause_of(store, number)
    if caused is None:
        return no_run(store, number)
    for seen, entry in enumerate(store.read_backwards()):
        if entry.run == number and settles(entry):
            return Failure(f"it has ended: {last_words(entry)}", exit_code=ExitCode.FAILED)
        if seen >= _LOOK_BACK_ENTRIES or entry.seq <= number:
            break
    who = actor_words(caused.actor)
    return Failure(
        f"run {number} of {printable(caused.job or '')}, from {who}, ended long ago",
        exit_code=ExitCode.FAILED,
    )

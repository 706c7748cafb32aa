"""Requests to backfill a job: what they mean, and what is said about them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, NamedTuple

from cli.app.failures import ExitCode, Failure
from cli.app.json_output import show_json
from cli.home.disposals import disposals_since
from cli.home.job_names import find_job
from cli.home.open import to_read, to_write
from cli.home.reasons import check_reason
from cli.terminal.console import note, tell
from cli.terminal.printable import printable, show_count
from cli.terminal.tables import Column, table
from cli.times.parse import parse_time
from cli.times.show import show_time
from eventstore.errors import EventTooLarge
from eventstore.store import Event
from scheduler.home import Home
from scheduler.ledger.backfill_choice import BackfillChoice, RangeTooLong, choose
from scheduler.ledger.disposals import Disposals
from scheduler.ownership.actor import claims, person
from scheduler.rules.requests.backfill import BACKFILL_MAX, backfilling, under_way
from scheduler.rules.state import Job, State
from scheduler.scheduler_lock import holder_of


class Asked(NamedTuple):
    """What a person typed: the job, the range, whether only what was missed is wanted, and how many at most.

    With `with_dependents`, the jobs that run after this one follow.
    """

    name: str
    begin: str
    end: str
    missed_only: bool
    limit: int
    with_dependents: bool = False


class _Range(NamedTuple):
    begin: datetime
    end: datetime


def request_backfill(home: Home, asked: Asked, reason: str, *, as_json: bool) -> None:
    """Record the request, and say what it will do.

    Raises:
        Failure: there is nothing to run or too much, or the job has no times, or is being backfilled.
    """
    chosen = BackfillChoice([])
    with to_write(home) as ledger:
        _check(ledger.state, find_job(ledger.state, asked.name))
        wanted_range = _range(find_job(ledger.state, asked.name), asked)
        disposals = disposals_since(home, ledger.store, asked.name, wanted_range.begin)
        actor = person()

        def decide(state: State) -> list[Event]:
            nonlocal chosen
            job = find_job(state, asked.name)
            _check(state, job)
            check_reason([job.definition], reason)
            disposals.read_to(state.head.seq)
            chosen = _chosen(job, disposals, wanted_range, asked)
            _check_count(job, chosen, wanted_range, asked)
            said = claims(state.mark)
            request = backfilling(
                state,
                job,
                chosen.wanted,
                actor,
                reason=reason,
                missed_only=asked.missed_only,
                with_dependents=asked.with_dependents,
                claims=said,
            )
            return [request]

        try:
            (request,) = ledger.decide(decide)
        except EventTooLarge:
            raise Failure(
                "these times lie too far apart, in too many places, to be recorded at once; nothing was recorded",
                "Ask for a shorter range.",
                ExitCode.FAILED,
            ) from None
        job = ledger.state.jobs[asked.name]
    if as_json:
        show_json(_document(job, chosen, request.seq))
        return
    _say_what_is_asked(home, job, chosen)


def _say_what_is_asked(home: Home, job: Job, chosen: BackfillChoice) -> None:
    zone, wanted = job.definition.timezone, chosen.wanted
    span = show_time(wanted[0].instant, zone)
    if len(wanted) > 1:
        span += f" to {show_time(wanted[-1].instant, zone)}, one after the other"
    tell(f"{printable(job.name)}: {show_count(len(wanted), 'time')} to be backfilled, {span}")
    _say_what_is_left(job, chosen)
    if not job.on_schedule:
        note(f"{printable(job.name)} is disabled: what was asked for runs all the same.")
    if holder_of(home.scheduler_lock) is None:
        note("No scheduler is running: the next one runs them.")


def show_backfill(home: Home, asked: Asked, *, as_json: bool) -> None:
    """List what would be run.

    Raises:
        Failure: as for the request.
    """
    with to_read(home, with_config=True) as view:
        job = find_job(view.state, asked.name)
        _check(view.state, job)
        store = None if view.ledger is None else view.ledger.store
        wanted_range = _range(job, asked)
        chosen = BackfillChoice([])
        if store is not None:
            disposals = disposals_since(home, store, asked.name, wanted_range.begin)
            chosen = _chosen(job, disposals, wanted_range, asked)
        _check_count(job, chosen, wanted_range, asked)
        if as_json:
            show_json(_document(job, chosen, None))
            return
        zone = job.definition.timezone
        columns = [Column("TIME", keep=True), Column("IN PLACE OF")]
        rows = [
            [show_time(instant, zone), "" if replaces is None else f"entry {replaces}"]
            for instant, replaces in chosen.wanted
        ]
        table(columns, rows)
        _say_what_is_left(job, chosen)
        note(f"{show_count(len(rows), 'time')} would be backfilled. Nothing was recorded.")


def _document(job: Job, chosen: BackfillChoice, entry: int | None) -> dict[str, Any]:
    return {
        "job": job.name,
        "entry": entry,
        "times": [{"scheduled_for": instant, "replaces": replaces} for instant, replaces in chosen.wanted],
        "left_with_run": chosen.with_run,
        "left_open": chosen.still_open,
        "cut_at": chosen.cut_at,
    }


def _check(state: State, job: Job) -> None:
    """Refuse a job that has no times, or that is being backfilled."""
    name = printable(job.name)
    if not job.definition.has_times:
        raise Failure(
            f"{name} has no schedule with times: there are none to backfill",
            f"`cronledger jobs run {name}` runs it.",
        )
    if (backfill := under_way(state, job.name)) is not None:
        raise Failure(
            f"{name} is being backfilled, by entry {backfill.seq}: {show_count(backfill.left, 'time')} still to come",
            f"`cronledger jobs cancel {name} --all` ends that.",
            ExitCode.FAILED,
        )


def _range(job: Job, asked: Asked) -> _Range:
    now, zone = datetime.now(UTC), job.definition.timezone
    begin = parse_time(asked.begin, "--from", now, zone=zone)
    return _Range(begin, parse_time(asked.end, "--to", now, zone=zone, end=True))


def _chosen(job: Job, disposals: Disposals, wanted: _Range, asked: Asked) -> BackfillChoice:
    try:
        return choose(job, disposals, *wanted, datetime.now(UTC), missed_only=asked.missed_only)
    except RangeTooLong as problem:
        raise Failure(
            f"there are {problem.count:,} times in this range; nothing was recorded",
            "Ask for a shorter range, or for --missed-only.",
            ExitCode.FAILED,
        ) from None


def _check_count(job: Job, chosen: BackfillChoice, wanted_range: _Range, asked: Asked) -> None:
    name, count = printable(job.name), len(chosen.wanted)
    if count > asked.limit:
        raise Failure(
            f"{count:,} times of {name} would be run, and at most {asked.limit:,} are at once; nothing was recorded",
            f"--limit allows more, up to {BACKFILL_MAX:,}."
            if asked.limit < BACKFILL_MAX
            else "Ask for a shorter range.",
            ExitCode.FAILED,
        )
    if not count:
        backwards = wanted_range.begin >= wanted_range.end
        left = ["--from is not before --to"] if backwards else _left_words(job, chosen)
        what = "was missed or skipped without a run" if asked.missed_only else "passed without a run"
        raise Failure(
            f"no time of {name} in this range {what}" + (f": {'; '.join(left)}" if left else ""),
            "`cronledger jobs next` shows what is to come." if chosen.cut_at else "",
            ExitCode.FAILED,
        )


def _say_what_is_left(job: Job, chosen: BackfillChoice) -> None:
    for words in _left_words(job, chosen):
        note(f"{words}.")


def _left_words(job: Job, chosen: BackfillChoice) -> list[str]:
    """What of the range is left as it is, and why."""
    words = []
    if chosen.with_run:
        have = "has a run already, and is" if chosen.with_run == 1 else "have a run already, and are"
        words.append(f"{show_count(chosen.with_run, 'time')} {have} left")
    if chosen.still_open:
        words.append(
            f"{show_count(chosen.still_open, 'time')} left to the scheduler, which settles what it missed"
        )
    if chosen.cut_at is not None:
        ends = show_time(chosen.cut_at, job.definition.timezone)
        words.append(f"the range ends at {ends}: what is later is for the schedule to run")
    return words

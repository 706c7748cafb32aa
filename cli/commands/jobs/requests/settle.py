"""`jobs settle`: no run for a job's times up to a moment; and its way back."""

from __future__ import annotations

from datetime import UTC, datetime

import click
from msgspec import structs

from cli.app.failures import ExitCode, Failure
from cli.app.options import reason_option
from cli.home.disposals import disposals_since
from cli.home.job_names import JOB, find_job
from cli.home.open import to_write
from cli.terminal.console import note, tell
from cli.terminal.printable import printable, show_count
from cli.times.parse import parse_time
from cli.times.show import show_time
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ownership.actor import claims, person
from scheduler.rules.requests.settlement import reopening, settling
from scheduler.rules.requests.upcoming import next_run
from scheduler.rules.state import Job, State


@click.command(epilog="Example: cronledger jobs settle nightly --until now --reason 'done by hand meanwhile'")
@click.argument("name", metavar="NAME", type=JOB)
@click.option(
    "--until",
    metavar="TIME",
    help="The last moment: now, 18:00, 2026-12-24 (when that day begins), on the clocks of the job's zone.",
)
@click.option("--reopen", is_flag=True, help="Open again what is still to come and was settled.")
@reason_option
@click.pass_obj
def settle(home: Home, name: str, until: str | None, reopen: bool, reason: str) -> None:
    """Settle a job's times up to a moment without a run: what was missed is not caught up, what is to come not run.

    That holds for times that nothing has settled; runs that are owed already go on. The moment may have passed (what
    no scheduler has seen yet) or be to come. --reopen is the way back: times that are still to come are open again,
    whoever settled them, or if a clock that was ahead did; the first of them that has a run already, and all after
    it, stay settled. Both ask for a --reason, stand in the ledger, and bind a scheduler that is running at once.

    Exit code 1 if it is settled up to then already, or if no time is to be opened.
    """
    if reopen == (until is not None):
        raise click.UsageError("give --until TIME, or --reopen")
    if not reason.strip():
        raise click.UsageError("say why with --reason TEXT: it stands in the ledger")
    with to_write(home) as ledger:
        job = find_job(ledger.state, name)
        if not job.definition.has_times:
            raise Failure(f"{printable(name)} has no schedule with times: there are none to settle")
        if until is None:
            _reopen(home, ledger, name, reason)
        else:
            end = parse_time(until, "--until", datetime.now(UTC), zone=job.definition.timezone, lean="future")
            _settle(ledger, name, end, reason)


def _settle(ledger: Ledger, name: str, until: datetime, reason: str) -> None:
    actor = person()

    def decide(state: State) -> list[Event]:
        return settling(find_job(state, name), until, datetime.now(UTC), reason, actor, claims(state.mark))

    recorded = ledger.decide(decide)
    job = ledger.state.jobs[name]
    zone, shown = job.definition.timezone, printable(name)
    if not recorded:
        raise Failure(
            f"all times of {shown} up to {show_time(until, zone)} are settled already",
            exit_code=ExitCode.FAILED,
        )
    data: v.ScheduleSettled = v.payload(recorded[-1])
    tell(f"{shown} settled up to {show_time(until, zone)}: {show_count(data.count, 'time')} without a run")
    if not data.count:
        note("By its schedule it has none until then; what an edit would put there is settled too.")
    if job.live:
        note(f"What is owed or running goes on: `cronledger jobs cancel {shown}` stops it.")
    _say_next(job)


def _reopen(home: Home, ledger: Ledger, name: str, reason: str) -> None:
    disposals = disposals_since(home, ledger.store, name, datetime.now(UTC))
    actor = person()

    def decide(state: State) -> list[Event]:
        disposals.read_to(state.head.seq)
        now = datetime.now(UTC)
        payload = reopening(state, find_job(state, name), now, disposals.ticked, disposals.settled_by, reason)
        if payload is None:
            return []
        return [v.event(structs.replace(payload, claims=claims(state.mark)), actor, job=name)]

    recorded = ledger.decide(decide)
    job = ledger.state.jobs[name]
    if not recorded:
        raise Failure(
            f"no time of {printable(name)} that is to come was settled without a run",
            exit_code=ExitCode.FAILED,
        )
    tell(f"{printable(name)} reopened from now on")
    if job.ahead is not None:
        zone = job.definition.timezone
        span = f"{show_time(job.ahead.first, zone)} to {show_time(job.ahead.until, zone)}"
        note(f"Its times from {span} stay settled: the first of them has a run.")
    _say_next(job)


def _say_next(job: Job) -> None:
    upcoming = next_run(job, datetime.now(UTC))
    if upcoming is not None:
        note(f"Next run: {show_time(upcoming, job.definition.timezone)}.")

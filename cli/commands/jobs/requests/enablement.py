"""`cronledger jobs enable` and `jobs disable`: whether jobs run on their schedule, as a person decides.

They share a file, for they are one command with two words: only what is to be recorded about each job differs.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, TypeVar

import click
from msgspec import structs

from cli.app.failures import Failure
from cli.app.options import reason_option
from cli.home.job_names import JOB
from cli.home.job_tags import chosen_jobs, tag_option
from cli.home.open import to_write
from cli.home.reasons import check_reason
from cli.terminal.console import note, tell
from cli.terminal.printable import printable, show_count
from cli.times.parse import parse_time
from cli.times.show import DURATION, show_relative, show_time
from cli.words.job_words import enabled_words
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.ownership.actor import claims, person
from scheduler.rules.requests.backfill import under_way
from scheduler.rules.requests.enablement import can_catch_up, disabling, enabling, kept_back
from scheduler.rules.state import Job, State
from scheduler.scheduler_lock import holder_of

Command = TypeVar("Command", bound=Callable[..., object])

_Decision = Callable[[Job, datetime], v.JobEnabled | v.JobDisabled | None]
"""What is to be recorded about a job at a moment; None if it is already as wanted."""


class _Choice(NamedTuple):
    """Which jobs are meant: those named, those with any of the tags, or every one that the config has."""

    names: tuple[str, ...]
    tags: tuple[str, ...]
    all_jobs: bool

    def check(self) -> None:
        """Refuse a command that does not say which jobs, or says it twice.

        Raises:
            click.UsageError: it does.
        """
        if self.all_jobs and (self.names or self.tags):
            raise click.UsageError("--all means every job: it goes with neither names nor --tag")
        if not (self.all_jobs or self.names or self.tags):
            raise click.UsageError("which jobs? Name them, or give --tag or --all")

    def jobs(self, state: State) -> list[Job]:
        """The jobs, each once.

        Raises:
            Failure: there is no such job, or no job with such a tag.
        """
        return state.present_jobs() if self.all_jobs else chosen_jobs(state, self.names, self.tags)


def _chosen(command: Command) -> Command:
    """Give a command what says which jobs are meant; it arrives as the arguments `names`, `tags`, `all_jobs`."""
    for option in (
        click.option("--all", "all_jobs", is_flag=True, help="Every job that the config has."),
        tag_option("The jobs with this tag, beside those named; several: with any of them."),
        click.argument("names", metavar="[NAME]...", nargs=-1, type=JOB),
    ):
        command = option(command)
    return command


@click.command(epilog='Example: cronledger jobs enable nightly --reason "disk replaced"')
@_chosen
@reason_option
@click.option(
    "--catch-up", is_flag=True, help="What passed since it was disabled goes through the job's `catch_up`."
)
@click.pass_obj
def enable(
    home: Home, names: tuple[str, ...], tags: tuple[str, ...], all_jobs: bool, reason: str, catch_up: bool
) -> None:
    """Let jobs run on their schedule again, from now on.

    Nothing that passed while a job was disabled is caught up, unless --catch-up asks for it: then the times of its
    present schedule since it was disabled are treated as those are that pass while no scheduler is running. A job
    with `catch_up: none` is refused. All that is recorded about several jobs is recorded at once, or nothing is.
    """

    def decision(job: Job, _now: datetime) -> v.JobEnabled | None:
        if catch_up and not can_catch_up(job):
            raise Failure(
                f"{printable(job.name)} has `catch_up: none`: nothing that it misses is ever run",
                "Enable it without --catch-up, or have its `catch_up` say one or all. Nothing was recorded.",
            )
        return enabling(job, reason, catch_up=catch_up)

    _switch(home, _Choice(names, tags, all_jobs), reason, decision)


@click.command(epilog='Example: cronledger jobs disable nightly --for 2h --reason "disk maintenance"')
@_chosen
@reason_option
@click.option("--for", "duration", type=DURATION, help="Only for so long: 90s, 15m, 36h, 7d.")
@click.option(
    "--until",
    metavar="TIME",
    help="Only until then: 18:00, tomorrow, 2026-12-24 (when that day begins), 2026-11-23T18:00:00Z.",
)
@click.pass_obj
def disable(
    home: Home,
    names: tuple[str, ...],
    tags: tuple[str, ...],
    all_jobs: bool,
    reason: str,
    duration: timedelta | None,
    until: str | None,
) -> None:
    """Keep jobs from running on their schedule, for good or for a time.

    A running run goes on, and `jobs run` works all the same. An edit elsewhere in the config does not
    enable the job again. All that is recorded about several jobs is recorded at once, or nothing is.
    """
    if duration is not None and until is not None:
        raise click.UsageError("--for and --until exclude each other")
    end = None if until is None else _future(until)

    def decision(job: Job, now: datetime) -> v.JobDisabled | None:
        return disabling(job, reason, end if duration is None else now + duration)

    _switch(home, _Choice(names, tags, all_jobs), reason, decision)


def _future(typed: str) -> datetime:
    """The end of a pause, as it was typed.

    Raises:
        click.BadParameter: it is no time, or not one to come.
    """
    now = datetime.now(UTC)
    end = parse_time(typed, "--until", now, lean="future").replace(microsecond=0)
    if end <= now:
        raise click.BadParameter(f"{printable(typed)} is not to come", param_hint="'--until'")
    return end


def _switch(home: Home, choice: _Choice, reason: str, decision: _Decision) -> None:
    """Record what is wanted for all the jobs at once, or nothing if one of them refuses; then say how they are."""
    choice.check()
    actor = person()
    unchanged: dict[str, bool] = {}
    backfills: dict[str, int] = {}

    def decide(state: State) -> list[Event]:
        said = claims(state.mark)
        now = datetime.now(UTC).replace(microsecond=0)
        unchanged.clear()
        backfills.clear()
        events: list[Event] = []
        jobs = choice.jobs(state)
        for job in jobs:
            payload = decision(job, now)
            unchanged[job.name] = payload is None
            if payload is not None:
                events.append(v.event(structs.replace(payload, claims=said), actor, job=job.name))
            backfill = under_way(state, job.name)
            if isinstance(payload, v.JobDisabled) and backfill is not None:
                backfills[job.name] = backfill.left
        check_reason((job.definition for job in jobs if not unchanged[job.name]), reason)
        return events

    with to_write(home) as ledger:
        ledger.decide(decide)
        for name, same in unchanged.items():
            tell(_said(ledger.state.jobs[name], same))
        for name, left in backfills.items():
            note(f"That ends the backfill of {printable(name)}, with {show_count(left, 'time')} left.")
        kept = [name for name, same in unchanged.items() if not same and kept_back(ledger.state.jobs[name])]
        if kept and holder_of(home.scheduler_lock) is None:
            note("No scheduler is running: the next one catches up.")
        if not unchanged:
            note("There are no jobs in the config.")


def _said(job: Job, unchanged: bool) -> str:
    now = datetime.now(UTC)
    zone = job.definition.timezone
    name = printable(job.name)
    if unchanged:
        return f"{name} is already {printable(enabled_words(job, zone))}"
    if job.enablement.enabled:
        kept = kept_back(job)
        if kept is None:
            return f"{name} enabled"
        meanwhile = f"{show_count(kept.instants, 'time')} since {show_time(kept.since, zone)}"
        return f"{name} enabled; catching up ({job.definition.catch_up}) on {meanwhile}"
    if job.enablement.until is None:
        return f"{name} disabled"
    until = job.enablement.until
    return f"{name} disabled until {show_time(until, zone)} ({show_relative(until, now)})"

"""`cronledger jobs enable` and `jobs disable`: whether jobs run on their schedule, as a person decides.

They share a file, for they are one command with two words: only what is to be recorded about each job differs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import click
from msgspec import structs

from cli.app.options import reason_option
from cli.home.job_names import JOB, find_job
from cli.home.open import to_write
from cli.terminal.console import tell
from cli.terminal.printable import printable
from cli.times.show import DURATION, show_relative, show_time
from cli.words.job_words import enabled_words
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.ownership.actor import claims, person
from scheduler.rules.requests.enablement import disabling, enabling
from scheduler.rules.state import Job, State

_names = click.argument("names", metavar="NAME...", nargs=-1, required=True, type=JOB)

_Decision = Callable[[Job, datetime], v.JobEnabled | v.JobDisabled | None]
"""What is to be recorded about a job at a moment; None if it is already as wanted."""


@click.command(epilog='Example: cronledger jobs enable nightly --reason "disk replaced"')
@_names
@reason_option
@click.pass_obj
def enable(home: Home, names: tuple[str, ...], reason: str) -> None:
    """Let jobs run on their schedule again, from now on.

    Nothing that passed while a job was disabled is caught up.
    """
    _switch(home, names, lambda job, now: enabling(job, reason))


@click.command(epilog='Example: cronledger jobs disable nightly --for 2h --reason "disk maintenance"')
@_names
@reason_option
@click.option("--for", "duration", type=DURATION, help="Only for so long: 90s, 15m, 36h, 7d.")
@click.pass_obj
def disable(home: Home, names: tuple[str, ...], reason: str, duration: timedelta | None) -> None:
    """Keep jobs from running on their schedule, for good or for a time.

    A running run goes on, and `jobs run` works all the same. An edit elsewhere in the config does not
    enable the job again.
    """
    _switch(
        home, names, lambda job, now: disabling(job, reason, None if duration is None else now + duration)
    )


def _switch(home: Home, names: Sequence[str], decision: _Decision) -> None:
    """Record what is wanted for all jobs at once, or nothing if one of them does not exist; then say how they are."""
    actor = person()
    unchanged: set[str] = set()

    def decide(state: State) -> list[Event]:
        said = claims(state.mark)
        now = datetime.now(UTC).replace(microsecond=0)
        unchanged.clear()
        events: list[Event] = []
        for name in dict.fromkeys(names):
            payload = decision(find_job(state, name), now)
            if payload is None:
                unchanged.add(name)
            else:
                events.append(v.event(structs.replace(payload, claims=said), actor, job=name))
        return events

    with to_write(home) as ledger:
        ledger.decide(decide)
        for name in dict.fromkeys(names):
            tell(_said(ledger.state.jobs[name], name in unchanged))


def _said(job: Job, unchanged: bool) -> str:
    now = datetime.now(UTC)
    zone = job.definition.timezone
    name = printable(job.name)
    if unchanged:
        return f"{name} is already {printable(enabled_words(job, zone))}"
    if job.enablement.enabled:
        return f"{name} enabled"
    if job.enablement.until is None:
        return f"{name} disabled"
    until = job.enablement.until
    return f"{name} disabled until {show_time(until, zone)} ({show_relative(until, now)})"

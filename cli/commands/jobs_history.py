"""`jobs history`: what ran, what was skipped, and how it came out."""

from __future__ import annotations

from datetime import UTC, datetime

import click

from cli.json_output import json_option, show_json
from cli.names import JOB, find_job
from cli.tables import Column, table
from cli.terminal import note
from cli.times import utc_option
from cli.typed_times import parse_time
from cli.whole import Whole
from scheduler.home import Home

_STATUSES = ("succeeded", "failed", "timed_out", "cancelled", "lost", "unknown", "skipped")
_TRIGGERS = ("schedule", "catch_up", "manual")
_COLUMNS = (
    Column("RUN", right=True, keep=True),
    Column("JOB"),
    Column("TRIGGER", keep=True),
    Column("SCHEDULED FOR", keep=True),
    Column("STARTED", keep=True),
    Column("TOOK", right=True, keep=True),
    Column("OUTCOME"),
)


@click.command(epilog="Example: cronledger jobs history --job nightly --status failed --since 7d")
@click.option("--limit", default=20, show_default=True, type=Whole(1), metavar="N", help="At most so many.")
@click.option(
    "--job", "name", type=JOB, metavar="NAME", help="Of this job only; also one that is no longer configured."
)
@click.option("--status", type=click.Choice(_STATUSES), help="Only runs that came out so.")
@click.option(
    "--since",
    metavar="TIME",
    help="Ended at this time or later: 1h, today, 2026-11-23, 2026-11-23T18:00:00Z.",
)
@click.option("--until", metavar="TIME", help="Ended before this time; a date includes that day.")
@click.option("--trigger", type=click.Choice(_TRIGGERS), help="Only runs with this cause.")
@json_option
@utc_option
@click.pass_obj
def history(
    home: Home,
    limit: int,
    name: str | None,
    status: str | None,
    since: str | None,
    until: str | None,
    trigger: str | None,
    as_json: bool,
    utc: bool,
) -> None:
    """Show runs that have ended or were skipped, the one that was settled last first.

    Runs that are still going are in `cronledger jobs show NAME` and `cronledger status`.
    """
    from cli.opened import to_read
    from cli.past_runs import Filter, past_runs
    from eventstore.journal import Journal
    from scheduler.configuration.registered import REGISTERED

    now = datetime.now(UTC)
    wanted = Filter(
        job=name,
        status=status,
        trigger=trigger,
        since=None if since is None else parse_time(since, "--since", now),
        until=None if until is None else parse_time(until, "--until", now, end=True),
    )
    if wanted.since is not None and wanted.until is not None and wanted.since >= wanted.until:
        raise click.BadParameter("it is not before --until", param_hint="'--since'")
    with to_read(home, quiet=True) as view:
        if name is not None and name not in REGISTERED:  # those can be run without standing in the config
            find_job(view.state, name, removed=True)
        runs = []
        if view.book is not None:
            assert isinstance(view.book.store, Journal), "a home's ledger is in a folder"
            runs = past_runs(home, view.book.store, wanted, limit)
        zones = {job.name: job.definition.timezone for job in view.state.jobs.values()}
    if as_json:
        show_json([run.members() for run in runs])
        return
    shown = [run.cells(zones.get(run.job, "UTC"), utc=utc) for run in runs]
    narrowed = any(value is not None for value in wanted)
    table(_COLUMNS, shown, empty="no such run" if narrowed else "nothing has run yet")
    if len(runs) == limit and view.book is not None:
        note(f"the newest {limit}; --limit shows more")

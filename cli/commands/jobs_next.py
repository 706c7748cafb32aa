"""`cronledger jobs next`: the coming runs."""

from __future__ import annotations

from itertools import islice

import click

from cli.job_words import enabled_words
from cli.json_output import json_option, show_json
from cli.names import JOB, find_job
from cli.opened import View, to_read
from cli.printable import printable
from cli.tables import Column, table
from cli.terminal import note
from cli.times import show_relative, show_time, utc_option
from cli.upcoming import Coming, begins, next_run, upcoming
from cli.wording import timing_words
from scheduler.home import Home

_COUNT_MAX = 100_000


@click.command("next", epilog="Example: cronledger jobs next nightly --count 3")
@click.argument("names", metavar="[NAME]...", nargs=-1, type=JOB)
@click.option("--count", type=click.IntRange(1, _COUNT_MAX), default=10, show_default=True, help="How many.")
@utc_option
@json_option
@click.pass_obj
def next_(home: Home, names: tuple[str, ...], count: int, utc: bool, as_json: bool) -> None:
    """Show the coming runs of all jobs or of those named, soonest first.

    Jobs that are disabled have none; a job that is disabled for a time has them from the end of that time on.
    """
    with to_read(home) as view:
        jobs = [find_job(view.state, name) for name in dict.fromkeys(names)] or view.state.present_jobs()
        coming = list(islice(upcoming(jobs, view.now), count))
        if as_json:
            show_json([_for_programs(item) for item in coming])
            return
        _show(view, coming, utc)
        if names:
            _explain_absence(view, {job.name for job in jobs} - {item.job.name for item in coming})


def _show(view: View, coming: list[Coming], utc: bool) -> None:
    columns = [Column("TIME", keep=True), Column("IN", keep=True), Column("JOB"), Column("SCHEDULE")]
    rows = []
    for instant, job in coming:
        moment = show_time(instant, job.definition.timezone, utc=utc)
        relative = show_relative(instant, view.now).removeprefix("in ")
        rows.append([moment, relative, job.name, timing_words(job.definition)[0]])
    table(columns, rows, empty="nothing to come")
    if view.holder is None and coming:
        note("No scheduler is running: these run once `cronledger serve` does.")


def _explain_absence(view: View, names: set[str]) -> None:
    for name in sorted(names):
        job = view.state.jobs[name]
        zone = job.definition.timezone
        if begins(job, view.now) is None:
            note(printable(f"{name} is {enabled_words(job, zone)}"))
        elif next_run(job, view.now) is None:
            note(printable(f"{name} has no time to come: {timing_words(job.definition)[0]}"))


def _for_programs(item: Coming) -> dict[str, object]:
    timezone = item.job.definition.timezone
    local = show_time(item.instant, timezone)
    return {"job": item.job.name, "scheduled_for": item.instant, "local_time": local, "timezone": timezone}

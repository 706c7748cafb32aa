"""`cronledger jobs list`: all jobs at a glance."""

from __future__ import annotations

import click

from cli.as_of import as_of_option
from cli.job_words import enabled_cell, job_document, last_cell
from cli.json_output import json_option, show_json
from cli.opened import View, to_read
from cli.tables import Cell, Column, table
from cli.terminal import is_terminal, note
from cli.times import JOBS_ZONE, show_clock, show_relative, show_time, utc_option
from cli.upcoming import next_run
from cli.wording import timing_words
from scheduler.home import Home
from scheduler.state import Job

_COLUMNS = [
    Column("NAME", keep=True),
    Column("SCHEDULE"),
    Column("AS WRITTEN", under=True),
    Column("ENABLED"),
    Column("LAST RUN"),
    Column("LAST STARTED", under=True),
    Column("NEXT RUN", keep=True),
    Column("IN", under=True),
]


@click.command("list", epilog="Example: cronledger jobs list --utc")
@as_of_option
@utc_option(JOBS_ZONE)
@json_option
@click.pass_obj
def list_(home: Home, as_of: str | None, utc: bool, as_json: bool) -> None:
    """Show all jobs: schedule, whether enabled, last run and how it came out, next run.

    Times are in each job's own zone, or in UTC with --utc. With --as-of, jobs and their past and coming runs are
    those of that moment, from the ledger alone.
    """
    with to_read(home, as_of=as_of) as view:
        jobs = view.state.present_jobs()
        if as_json:
            show_json([job_document(view.state, job, view.now) for job in jobs])
            return
        row = _row_at_terminal if is_terminal() else _row
        table(_COLUMNS, [row(view, job, utc) for job in jobs], empty="there are no jobs in the config")
        if view.holder is None and view.as_of is None:
            note("No scheduler is running: nothing runs by itself until `cronledger serve` does.")


def _row(view: View, job: Job, utc: bool) -> list[Cell | str]:
    """Everything in full."""
    zone = "UTC" if utc else job.definition.timezone
    words, source = timing_words(job.definition)
    last = job.last.started or job.last.time if job.last else None
    upcoming = next_run(job, view.now)
    return [
        job.name,
        words,
        source if job.definition.timezone == "UTC" else f"{source} {job.definition.timezone}",
        enabled_cell(job, zone),
        last_cell(job.last),
        show_time(last, zone) if last else "",
        show_time(upcoming, zone) if upcoming else "",
        show_relative(upcoming, view.now).removeprefix("in ") if upcoming else "",
    ]


def _row_at_terminal(view: View, job: Job, utc: bool) -> list[Cell | str]:
    """The same, told as short as can be: the zone stands beside the schedule, the date only if it is not today's."""
    zone = "UTC" if utc else job.definition.timezone
    row = _row(view, job, utc)
    last = job.last.started or job.last.time if job.last else None
    upcoming = next_run(job, view.now)
    if last:
        row[5] = show_relative(last, view.now)
    definition = job.definition
    place = "" if definition.timezone == "UTC" else definition.timezone
    # What words say already is not said again as it was written; for cron they are two things.
    row[2] = f"{definition.schedule or ''} {place}".strip() if definition.at is None else ""
    row[3] = enabled_cell(job, zone, beside=view.now)
    row[6] = show_clock(upcoming, zone, beside=view.now) if upcoming else Cell("-", "dim")
    row[7] = show_relative(upcoming, view.now) if upcoming else ""
    return row

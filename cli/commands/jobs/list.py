"""`cronledger jobs list`: all jobs at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click
from msgspec.structs import replace

from cli.app.json_output import json_option, show_json
from cli.home.as_of import as_of_option
from cli.home.job_tags import tag_option, tagged
from cli.home.open import to_read
from cli.terminal.console import is_terminal, note
from cli.terminal.tables import Cell, Column, table
from cli.times.show import JOBS_ZONE, local_zone, show_clock, show_past, show_relative, show_time, utc_option
from cli.words.job_words import enabled_cell, last_cell, last_started
from cli.words.words import timing_words
from scheduler.home import Home
from scheduler.rules.requests.upcoming import next_run
from scheduler.rules.state import Job

if TYPE_CHECKING:
    from scheduler.ledger.view import View
    from scheduler.rules.runs.waiting_reasons import WaitingReasons

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

_NEXT = 6
"""Where the next run stands."""
_NEXT_BOOT = "at the next boot"


@click.command("list", epilog="Example: cronledger jobs list --utc")
@tag_option("Only jobs with this tag; several: with any of them.")
@as_of_option
@utc_option(JOBS_ZONE)
@json_option
@click.pass_obj
def list_(home: Home, tags: tuple[str, ...], as_of: str | None, utc: bool, as_json: bool) -> None:
    """Show all jobs: schedule, whether enabled, last run and how it came out, next run.

    Times are in each job's own zone, or in UTC with --utc. With --as-of, jobs and their past and coming runs are
    those of that moment, from the ledger alone.
    """
    with to_read(home, as_of=as_of) as view:
        jobs = view.state.present_jobs()
        if tags:
            jobs = tagged(jobs, tags)
        waits = view.waiting_reasons
        if as_json:
            from cli.jobs.job_document import job_document

            show_json([job_document(view.state, job, view.now, waits) for job in jobs])
            return
        columns, rows = _COLUMNS, [_row(view, job, utc, waits) for job in jobs]
        if is_terminal():
            columns, rows = _at_terminal(view, jobs, rows, waits, utc)
        none = "no job is in force" if view.state.changes else "there are no jobs in the config"
        table(columns, rows, empty=none)
        if view.state.changes:
            from cli.words.approval_words import tell_changes

            tell_changes(view.state, view.now)
        if not view.is_served and view.as_of is None:
            who = "Nobody leads" if view.on_database and view.state.nodes else "No scheduler is running"
            note(f"{who}: nothing runs by itself until `cronledger serve` does.")
            return
        if waiting := view.lock_waits:
            from cli.words.lock_words import lock_waits_words

            for told in lock_waits_words(waiting, view.state, view.now):
                note(f"Note: {told}.")
        if (full := view.full_slots) is not None:
            from cli.words.scheduler_words import full_slots_words

            note(f"Note: {full_slots_words(full, view.now)}.")


def _row(view: View, job: Job, utc: bool, waits: WaitingReasons) -> list[Cell | str]:
    """Everything in full."""
    zone = "UTC" if utc else job.definition.timezone
    words, source = timing_words(job.definition)
    last = last_started(view.state, job)
    upcoming = next_run(job, view.now)
    return [
        job.name,
        words,
        source if job.definition.timezone == "UTC" else f"{source} {job.definition.timezone}",
        enabled_cell(view.state, job, zone, view.now, waits),
        last_cell(view.state, job),
        show_time(last, zone) if last else "",
        show_time(upcoming, zone) if upcoming else _NEXT_BOOT if _waits_for_boot(job) else "",
        show_relative(upcoming, view.now).removeprefix("in ") if upcoming else "",
    ]


def _waits_for_boot(job: Job) -> bool:
    """Whether it runs at the next boot of the machine."""
    return job.on_schedule and job.definition.at_reboot


def _at_terminal(
    view: View, jobs: list[Job], rows: list[list[Cell | str]], waits: WaitingReasons, utc: bool
) -> tuple[list[Column], list[list[Cell | str]]]:
    """The same, as short as can be: the date only if it is not today's, a zone only where it is not evident.

    That is where it is not this machine's: in the header, if all jobs have the same, or else beside each time.
    """
    zones = {"UTC" if utc else job.definition.timezone for job in jobs}
    alone = zones.pop() if len(zones) == 1 else None
    columns = list(_COLUMNS)
    if alone is not None and (utc or alone != local_zone()):
        columns[_NEXT] = replace(columns[_NEXT], title=f"{columns[_NEXT].title} ({alone})")
    shortened = []
    for job, row in zip(jobs, rows, strict=True):
        zone = "UTC" if utc else job.definition.timezone
        shortened.append(
            _shortened(view, job, row, waits, zone, zone_evident=alone is not None or zone == local_zone())
        )
    return columns, shortened


def _shortened(
    view: View, job: Job, row: list[Cell | str], waits: WaitingReasons, zone: str, *, zone_evident: bool
) -> list[Cell | str]:
    """A row for the terminal; `zone_evident`: the zone of its next run need not be said."""
    last, upcoming = last_started(view.state, job), next_run(job, view.now)
    definition = job.definition
    place = "" if definition.timezone == "UTC" else definition.timezone
    row = list(row)
    # What words say already is not said again as it was written; for cron they are two things.
    row[2] = f"{definition.schedule or ''} {place}".strip() if definition.schedule or definition.every else ""
    labelled = zone != local_zone()
    row[3] = enabled_cell(view.state, job, zone, view.now, waits, beside=view.now, labelled=labelled)
    if last:
        row[5] = show_past(last, view.now)
    row[_NEXT] = _NEXT_BOOT if _waits_for_boot(job) else Cell("-", "dim")
    if upcoming:
        row[_NEXT] = show_clock(upcoming, zone, beside=view.now, labelled=not zone_evident)
    row[7] = show_relative(upcoming, view.now) if upcoming else ""
    return row

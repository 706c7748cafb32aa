"""`cronledger jobs next`: the coming runs."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from itertools import islice
from typing import TYPE_CHECKING

import click

from cli.app.json_output import json_option, show_json
from cli.app.options import count_option
from cli.home.as_of import as_of_option
from cli.home.job_names import JOB
from cli.home.job_tags import chosen_jobs, tag_option
from cli.home.open import to_read
from cli.terminal.console import is_terminal, note, out, paint, speaks_unicode, wants_colour, width
from cli.terminal.printable import printable
from cli.terminal.tables import Column, table
from cli.times.show import show_relative, show_time, utc_option
from cli.times.zones import zone_of
from cli.words.job_words import backfill_words, enabled_words
from cli.words.words import timing_words
from scheduler.home import Home
from scheduler.rules.instants_state import Backfill
from scheduler.rules.job_schedule import nominal, schedule_of
from scheduler.rules.requests.backfill import under_way
from scheduler.rules.requests.upcoming import UpcomingRun, next_run, schedule_begins_at, upcoming
from scheduler.rules.state import Job

if TYPE_CHECKING:
    from scheduler.ledger.view import View

_COUNT_MAX = 100_000


@click.command("next", epilog="Example: cronledger jobs next nightly -n 3")
@click.argument("names", metavar="[NAME]...", nargs=-1, type=JOB)
@tag_option("Of the jobs with this tag, beside those named; several: with any of them.")
@count_option("--count", 10, "How many.", most=_COUNT_MAX)
@click.option(
    "--calendar", is_flag=True, help="The coming week as a calendar, today from now on; not with --count."
)
@as_of_option
@utc_option("the job's zone (in a calendar, of the one that its jobs share, or this machine's)")
@json_option
@click.pass_context
def next_(
    ctx: click.Context,
    names: tuple[str, ...],
    tags: tuple[str, ...],
    count: int,
    calendar: bool,
    as_of: str | None,
    utc: bool,
    as_json: bool,
) -> None:
    """Show the coming runs of all jobs, or of those named or tagged, soonest first.

    Jobs that are disabled have none; a job that is disabled for a time has them from the end of that time on.
    With --as-of, the runs that were to come at that moment.

    With --calendar, the coming seven days: what a job does many times in an hour, or all day long, stands there once
    with a count.
    """
    home = ctx.obj
    assert isinstance(home, Home)
    if calendar and ctx.get_parameter_source("count") is click.core.ParameterSource.COMMANDLINE:
        raise click.UsageError("--calendar and --count exclude each other")
    with to_read(home, as_of=as_of) as view:
        chosen = bool(names or tags)
        jobs = chosen_jobs(view.state, names, tags) if chosen else view.state.present_jobs()
        if calendar:
            _show_calendar(view, jobs, chosen, utc=utc, as_json=as_json)
            return
        coming = list(islice(upcoming(jobs, view.now), count))
        if as_json:
            show_json([_for_programs(item) for item in coming])
            return
        going = {job.name: backfill for job in jobs if (backfill := under_way(view.state, job.name))}
        _show(view, coming, going, utc)
        absent = {job.name for job in jobs} - {item.job.name for item in coming}
        at_reboot = {job.name for job in jobs if job.definition.at_reboot and job.on_schedule}
        _explain_absence(view, absent if chosen else at_reboot)


def _show(view: View, coming: list[UpcomingRun], backfills: Mapping[str, Backfill], utc: bool) -> None:
    columns = [Column("TIME", keep=True), Column("IN", keep=True), Column("JOB"), Column("SCHEDULE")]
    rows = []
    for run in coming:
        job = run.job
        moment = show_time(run.instant, job.definition.timezone, utc=utc)
        relative = show_relative(run.instant, view.now).removeprefix("in ")
        rows.append([moment, relative, job.name, timing_words(job.definition)[0]])
    table(columns, rows, empty="nothing to come")
    if not view.is_served and coming and view.as_of is None:
        note("No scheduler is running: these run once `cronledger serve` does.")
    for name, backfill in backfills.items():
        note(printable(f"{name} is being backfilled: {backfill_words(backfill)}"))


def _show_calendar(view: View, jobs: list[Job], named: bool, *, utc: bool, as_json: bool) -> None:
    from cli.charts.calendar import ScheduledJob, days_for_programs, week
    from cli.charts.calendar_drawing import picture
    from cli.charts.options import zone_for

    zone = zone_for(view.state, [job.name for job in jobs], utc=utc)
    begun = [(job, schedule_begins_at(job, view.now)) for job in jobs]
    timed = [
        ScheduledJob(job.name, schedule_of(job.definition), begin, job.ahead)
        for job, begin in begun
        if begin is not None
    ]
    days = week(timed, view.now, zone_of(zone))
    if as_json:
        show_json({"timezone": zone, "days": days_for_programs(days)})
        return
    out(paint(f"the coming week, in {zone}", "strong", wants_colour()) + "\n")
    unicode = is_terminal() and speaks_unicode()
    out("\n".join(picture(days, zone_of(zone), width(), unicode=unicode, colour=wants_colour())))
    if named:
        _explain_absence(view, {job.name for job in jobs} - {item.job for day in days for item in day.items})


def _explain_absence(view: View, names: set[str]) -> None:
    for name in sorted(names):
        job = view.state.jobs[name]
        zone = job.definition.timezone
        if job.definition.on_demand:
            asked = f"`cronledger jobs run {shlex.quote(name)}`"
            note(printable(f"{name} runs only when it is asked for: {asked}"))
        elif job.definition.at_reboot and job.on_schedule:
            note(printable(f"{name} runs at the next boot of the machine"))
        elif job.definition.follows and job.on_schedule:
            note(printable(f"{name} runs {timing_words(job.definition)[0]}"))
        elif not job.definition.has_times or schedule_begins_at(job, view.now) is None:
            note(printable(f"{name} is {enabled_words(job, zone)}"))
        elif next_run(job, view.now) is None:
            note(printable(f"{name} has no time to come: {timing_words(job.definition)[0]}"))


def _for_programs(item: UpcomingRun) -> dict[str, object]:
    timezone = item.job.definition.timezone
    local = show_time(item.instant, timezone)
    document = {
        "job": item.job.name,
        "scheduled_for": item.instant,
        "local_time": local,
        "timezone": timezone,
    }
    written = nominal(item.job.definition, item.instant)
    return document if written is None else {**document, "nominal": written}

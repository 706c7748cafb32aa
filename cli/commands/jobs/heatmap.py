"""`jobs heatmap`: when runs happen, fail or take long, by days and hours."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING, Any, cast

import click

from cli.app.json_output import json_option, show_json
from cli.app.options import Choice
from cli.charts.axis import microseconds
from cli.charts.heatmap import HeatmapDay, RunCounts, What, days
from cli.charts.options import chosen_jobs, picture_width, width_option, window_of, zone_for
from cli.home.job_names import JOB
from cli.terminal.console import is_terminal, note, out, paint, speaks_unicode, wants_colour
from cli.terminal.printable import printable
from cli.times.show import COMMON_ZONE, show_time, utc_option
from cli.times.zones import zone_of
from scheduler.home import Home

if TYPE_CHECKING:
    from projections import Sql
    from scheduler.ledger.view import View

_DAYS_MAX = 3_660


@click.command(epilog="Example: cronledger jobs heatmap --what failures --since 4w")
@click.option(
    "--since", default="4w", show_default=True, metavar="TIME", help="From the day of this time on."
)
@click.option("--until", metavar="TIME", help="Up to this time; a date includes that day.  [default: now]")
@click.option("--job", "names", type=JOB, multiple=True, metavar="NAME", help="Only this job; repeatable.")
@click.option(
    "--what",
    type=Choice(("runs", "failures", "duration"), "picture"),
    default="runs",
    show_default=True,
    help="What is shown: how many runs began, how many of those went wrong, or how long they took on average.",
)
@width_option
@utc_option(COMMON_ZONE)
@json_option
@click.pass_obj
def heatmap(
    home: Home,
    since: str,
    until: str | None,
    names: tuple[str, ...],
    what: str,
    width: int | None,
    utc: bool,
    as_json: bool,
) -> None:
    """Show days by hours: the darker, the more.

    A run counts in the hour in which it started. Where clocks go forward, the hour that is not there is blank; where
    they go back, the hour that comes twice shows both, side by side. Hours to come are blank too, as are those
    before the ledger began.
    """
    from cli.home.open import to_read
    from cli.home.views import open_views

    with to_read(home, quiet=True) as view:
        jobs = chosen_jobs(view.state, names)
        zone = zone_for(view.state, jobs, utc=utc)
        there = zone_of(zone)
        begin, end = window_of(since, until, view.now, zone)
        if (end - begin).days > _DAYS_MAX:
            raise click.BadParameter(f"more than {_DAYS_MAX:,} days are too many", param_hint="'--since'")
        begin = datetime.combine(begin.astimezone(there).date(), time(), tzinfo=there).astimezone(UTC)
        recorded = _recorded_since(view)
        if recorded is not None and begin < recorded < end:
            begin = recorded
        with open_views(home) as sql:
            quarters = _quarters(sql, begin, end, jobs)
    listed = days(quarters, begin, end, there)
    if as_json:
        show_json(_document(zone, begin, end, listed))
        return
    _show(listed, cast("What", what), zone, jobs, picture_width(width))
    if not quarters:
        note("nothing ran in that time")
    if begin == recorded:
        note(f"The ledger begins at {show_time(begin, zone)}.")


def _recorded_since(view: View) -> datetime | None:
    """When the ledger begins: nothing is known about what was before."""
    return None if view.ledger is None else next(entry.time for entry in view.ledger.store.read(0, 0))


def _quarters(
    sql: Sql, begin: datetime, end: datetime, jobs: list[str] | None
) -> list[tuple[int, RunCounts]]:
    from projections.reports.runs_by_quarter import runs_by_quarter

    found = runs_by_quarter(sql, microseconds(begin), microseconds(end), jobs)
    return [(runs.quarter, RunCounts(*runs[1:])) for runs in found]


def _show(listed: Sequence[HeatmapDay], what: What, zone: str, jobs: list[str] | None, width: int) -> None:
    from cli.charts.heatmap_drawing import HeatmapCanvas, picture

    canvas = HeatmapCanvas(width, is_terminal() and speaks_unicode(), wants_colour())
    subject = {"runs": "runs", "failures": "failures", "duration": "mean duration"}[what]
    whose = "all jobs" if jobs is None else printable(", ".join(jobs))
    title = f"{subject} of {whose}, by day and hour in {zone}"
    out(paint(title, "strong", canvas.colour))
    out("\n".join(["", *picture(canvas, listed, what)]))


def _document(zone: str, begin: datetime, end: datetime, listed: Sequence[HeatmapDay]) -> dict[str, Any]:
    return {
        "since": begin,
        "until": end,
        "timezone": zone,
        "days": [
            {
                "day": day.day.isoformat(),
                "hours": day.length_h,
                **_members(day.total),
                "cells": [
                    {"hour": hour, "again": again == 1, **_members(tally)}
                    for hour, tallies in enumerate(day.hours)
                    for again, tally in enumerate(tallies)
                    if tally is not None and tally.runs
                ],
            }
            for day in listed
        ],
    }


def _members(tally: RunCounts) -> dict[str, Any]:
    mean_ms = tally.value("duration") if tally.timed else None
    return {"runs": tally.runs, "failures": tally.failures, "duration_ms_mean": mean_ms}

"""`jobs timeline`: runs as bars."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import click

from cli.app.json_output import json_option, show_json
from cli.charts.axis import Axis, axis_for, instant_of, microseconds
from cli.charts.options import chosen_jobs, picture_width, width_option, window_of, zone_for
from cli.charts.timeline_data import ChartWindow, JobRow
from cli.charts.timeline_late import late_documents, late_in, late_lines, marked
from cli.home.job_names import JOB
from cli.terminal.console import fitted, is_terminal, note, out, paint, speaks_unicode, wants_colour
from cli.terminal.printable import show_count
from cli.times.show import COMMON_ZONE, show_duration, show_time, utc_option
from cli.times.zones import zone_of
from projections.reports.outages import Outage
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.ledger.view import View

_JOBS_SHOWN = 40
"""More are shown only where something went wrong or was missed, or if they were asked for by name."""


@click.command(epilog="Example: cronledger jobs timeline --since 6h --job nightly")
@click.option("--since", default="24h", show_default=True, metavar="TIME", help="Where the picture begins.")
@click.option("--until", metavar="TIME", help="Where it ends; a date includes that day.  [default: now]")
@click.option("--job", "names", type=JOB, multiple=True, metavar="NAME", help="Only this job; repeatable.")
@width_option
@utc_option(COMMON_ZONE)
@json_option
@click.pass_obj
def timeline(
    home: Home,
    since: str,
    until: str | None,
    names: tuple[str, ...],
    width: int | None,
    utc: bool,
    as_json: bool,
) -> None:
    """Draw the runs of a stretch of time as bars, a lane for each job; more lanes where its runs overlap.

    A wait between the time at which a run was due and its start is dotted. What went wrong, was skipped or was
    missed has a sign of its own, which nothing covers; where many runs share a column, it says how many. A run that
    became late by the `expect` of its job has a sign there, unless one of those is in the same column. Time in which
    no scheduler ran is shaded. Below stand outages, and what was late.
    """
    from cli.charts.timeline_data import TimelineMoment, outages_of, rows_of
    from cli.charts.timeline_drawing import columns_for
    from cli.home.open import to_read
    from cli.home.views import open_views
    from projections.reports.first_entry import first_entry_since
    from projections.reports.interruptions import interruptions

    with to_read(home, quiet=True) as view:
        jobs = chosen_jobs(view.state, names)
        zone = zone_for(view.state, jobs, utc=utc)
        begin, end = window_of(since, until, view.now, zone)
        known = [job.name for job in view.state.jobs.values()] if jobs is None else jobs
        columns = columns_for(picture_width(width), known)
        axis = axis_for(begin, end, columns, zone_of(zone))
        window = ChartWindow(microseconds(begin), microseconds(end), jobs, axis)
        with open_views(home) as sql:
            moment = TimelineMoment.of(view, jobs)
            first = first_entry_since(sql, window.begin_us)
            interrupted = [] if first is None else interruptions(sql, first)
            rows = rows_of(sql, moment, window, first, interrupted)
            outages = outages_of(sql, moment, window, first, interrupted)
            late = late_in(sql, window, expects=moment.expects)
            rows = marked(rows, late, window)
    if as_json:
        show_json({**_document(window, zone, rows, outages), "late": late_documents(late)})
        return
    _show(view, window, zone, rows, outages, picture_width(width))
    for told in late_lines(late, zone, microseconds(view.now)):
        out(paint(fitted(told), "warn", wants_colour()))


def _show(
    view: View, window: ChartWindow, zone: str, rows: list[JobRow], outages: Sequence[Outage], width: int
) -> None:
    from cli.charts.timeline import SIGNS
    from cli.charts.timeline_drawing import TimelineCanvas, picture
    from cli.charts.timeline_marks import ASCII, UNICODE

    glyphs = UNICODE if is_terminal() and speaks_unicode() else ASCII
    canvas = TimelineCanvas(width, glyphs, wants_colour(), zone)
    shown = rows
    if window.jobs is None and len(rows) > _JOBS_SHOWN:
        troubled = [row.job for row in rows if row.late or (SIGNS - {"skipped"}) & row.totals.keys()]
        calm = [row.job for row in rows if row.job not in set(troubled)]
        kept = {*troubled, *calm[: max(0, _JOBS_SHOWN - len(troubled))]}
        shown = [row for row in rows if row.job in kept]
    out(paint(_title(window, zone), "strong", canvas.colour))
    if rows or outages:
        out("\n".join(["", *picture(canvas, window.axis, shown, rows, outages, microseconds(view.now))]))
    if not rows:
        note("nothing ran in that time")
    if len(shown) < len(rows):
        note(f"{show_count(len(rows) - len(shown), 'more job')} without a failure; --job NAME shows one")


def _title(window: ChartWindow, zone: str) -> str:
    begin, end = instant_of(window.begin_us), instant_of(window.end_us)
    column = show_duration(window.axis.column_us // 1_000)
    times = f"{show_time(begin, zone)[:16]} to {show_time(end, zone)[:16]} {zone}"
    return f"{times}, a column is {column}"


def _document(
    window: ChartWindow, zone: str, rows: Sequence[JobRow], outages: Sequence[Outage]
) -> dict[str, Any]:
    return {
        "since": instant_of(window.begin_us),
        "until": instant_of(window.end_us),
        "timezone": zone,
        "column_ms": window.axis.column_us // 1_000,
        "jobs": [_job(window.axis, row) for row in rows],
        "outages": [
            {
                "kind": outage.kind,
                "began": instant_of(outage.began_us),
                "ended": None if outage.ended_us is None else instant_of(outage.ended_us),
                "reason": outage.reason,
            }
            for outage in outages
        ],
    }


def _job(axis: Axis, row: JobRow) -> dict[str, Any]:
    def begin(column: int) -> datetime:
        return instant_of(axis.begin_us) + timedelta(microseconds=axis.column_us) * column

    return {
        "job": row.job,
        "totals": row.totals,
        "lateness_ms_max": row.late_us // 1_000,
        "spans": [
            {
                "what": span.mark,
                "count": span.runs,
                "due": begin(span.first if span.due is None else span.due),
                "began": begin(span.first),
                "ended": begin(span.last + 1),
            }
            for span in row.spans
        ],
    }

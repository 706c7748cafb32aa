"""All jobs on one axis of time: what ran, what was missed, what is to come."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final, NamedTuple

from markupsafe import Markup
from starlette.responses import Response

from cli.charts.axis import axis_for, instant_of, microseconds
from cli.charts.timeline import MARKS
from cli.charts.timeline_data import ChartWindow, JobRow, TimelineMoment, outages_of, rows_of
from cli.charts.timeline_late import late_facts, late_in, marked
from cli.charts.timeline_marks import TONES, UNICODE, WORDS
from cli.charts.timeline_planned import PlannedRuns, planned_runs
from cli.console.pages.time.axis_marks import COLUMNS_MAX, Scale, ground
from cli.console.pages.time.row_picture import RowMarks, RowPicture
from cli.console.pages.time.wanted import JobsShown, TimeWanted, jobs_shown
from cli.console.pages.time.why_cells import WhyCells
from cli.terminal.printable import show_count
from cli.times.clock_changes import ClockChange, clock_changes
from cli.times.show import show_duration
from cli.times.zones import zone_of
from scheduler.ledger.first_since import first_since
from scheduler.rules.requests.upcoming import schedule_begins_at

if TYPE_CHECKING:
    from cli.console.asked import Asked
    from projections import Sql
    from projections.reports.outages import Outage
    from scheduler.ledger.view import View
    from scheduler.rules.state import Job

_LISTED_MAX: Final = 50
MARKS_MAX: Final = 3_000
"""So many marks has a page of several jobs at most: some fifty kilobytes over the wire."""
_JUST_BEFORE: Final = timedelta(microseconds=1)


class ShownRow(NamedTuple):
    """A job of the page.

    Attributes:
        job: its name.
        svg: its row of the picture.
        counts: what the picture says, in words: symbol, words, tone.
    """

    job: str
    svg: Markup
    counts: Sequence[tuple[str, str, str]]


class _Look(NamedTuple):
    """What is taken from the folded state, while nobody else alters it."""

    moment: TimelineMoment
    shown: JobsShown
    planned: dict[str, Sequence[PlannedRuns]]
    tags: list[str]


class _Picture(NamedTuple):
    """What was drawn, and what stands below it."""

    rows: list[ShownRow]
    head: Markup
    outages: list[Outage]
    changes: list[ClockChange]
    late: list[tuple[str, int | None]]


def show_time(asked: Asked) -> Response:
    """The page; SQL is asked while nobody has to wait for the ledger."""
    with asked.look() as view:
        now, as_of, head = view.now, view.as_of, view.state.head.seq
        zone = _zone(view, asked)
        wanted = TimeWanted.of(asked, now, zone)
        near = None if view.ledger is None else first_since(view.ledger.store, wanted.begin)
    axis = axis_for(wanted.begin, wanted.end, COLUMNS_MAX, zone_of(zone))
    scale = Scale(axis, zone, microseconds(wanted.begin), microseconds(wanted.end))
    if near is not None:
        with asked.site.sql.connected(as_of) as sql:
            look, picture = _asked_of(asked, sql, wanted, scale, near if near <= head else None)
    else:
        look = _looked(asked, wanted, scale, None)
        picture = _Picture([], ground(scale, (), (), microseconds(now)), [], [], [])
    return asked.page(
        "time/time.html", now=now, head=head, zone=zone, wanted=wanted, picture=picture, shown=look.shown,
        tags=look.tags, column=show_duration(axis.column_us // 1_000), begin=wanted.begin, end=wanted.end,
        legend=_legend(picture.rows), instant_of=instant_of, listed=_LISTED_MAX,
    )  # fmt: skip


def _zone(view: View, asked: Asked) -> str:
    """The zone of all jobs if they share one, else that of the console."""
    zones = {job.definition.timezone for job in view.state.jobs.values() if job.present}
    return zones.pop() if len(zones) == 1 else asked.zone


def _looked(asked: Asked, wanted: TimeWanted, scale: Scale, first: int | None) -> _Look:
    with asked.look() as view:
        jobs = list(view.state.jobs.values())
        shown = jobs_shown(jobs, wanted, first) if jobs else JobsShown([], 0, "")
        moment = TimelineMoment.of(view, [job.name for job in shown.jobs])
        begins = {job.name: _begins(job, view.now, wanted.begin) for job in shown.jobs}
        tags = sorted({tag for job in jobs if job.present for tag in job.definition.tags})
    planned = {
        job.name: _planned(job, begins[job.name], scale, wanted.end)
        for job in shown.jobs
        if wanted.end > moment.now
    }
    return _Look(moment, shown, planned, tags[:200])


def _begins(job: Job, now: datetime, begin: datetime) -> datetime | None:
    """After which moment a job's instants are still to come, as far as they are drawn."""
    after = schedule_begins_at(job, now)
    return None if after is None else max(after, begin - _JUST_BEFORE)


def _planned(job: Job, after: datetime | None, scale: Scale, end: datetime) -> Sequence[PlannedRuns]:
    from scheduler.rules.job_schedule import schedule_of

    if after is None or not job.definition.has_times or after >= end:
        return ()
    schedule, axis = schedule_of(job.definition), scale.axis
    stretches = job.open_stretches(after, end)
    return [run for begin, until in stretches for run in planned_runs(schedule, begin, until, axis)]


def _asked_of(
    asked: Asked, sql: Sql, wanted: TimeWanted, scale: Scale, near: int | None
) -> tuple[_Look, _Picture]:
    from projections.reports.first_entry import first_entry_since
    from projections.reports.interruptions import interruptions
    from projections.reports.timeline.disabled_stretches import disabled_stretches
    from projections.reports.timeline.made_up_runs import made_up_runs

    # A clock that was set back may have left entries of the stretch further back; those are few, or none.
    first = (
        first_entry_since(sql, scale.begin_us)
        if near is None
        else first_entry_since(sql, scale.begin_us, near) or near
    )
    look = _looked(asked, wanted, scale, first)
    names, moment = [job.name for job in look.shown.jobs], look.moment
    window = ChartWindow(scale.begin_us, scale.end_us, names, scale.axis)
    interrupted = [] if first is None else interruptions(sql, first)
    late = late_in(sql, window, expects=moment.expects)
    rows = {
        row.job: row
        for row in marked(rows_of(sql, moment, window, first, interrupted, joined=True), late, window)
    }
    outages = outages_of(sql, moment, window, first, interrupted)
    disabled, made = defaultdict(list), defaultdict(list)
    for stretch in disabled_stretches(
        sql, names, scale.begin_us, min(scale.end_us, microseconds(moment.now))
    ):
        disabled[stretch.job].append(stretch)
    if first is not None:
        axis, span = scale.axis, (scale.begin_us, scale.end_us)
        for each in made_up_runs(
            sql,
            first_seq=first,
            window_us=span,
            axis_begin_us=axis.begin_us,
            column_us=axis.column_us,
            jobs=names,
        ):
            made[each.job].append(each)
    drawing = RowPicture(scale, wanted, asked.base, WhyCells(scale, len(names), asked.base))
    beside = {name: RowMarks(look.planned.get(name, ()), disabled[name], made[name]) for name in names}
    shown = _drawn(drawing, [rows.get(name) or JobRow(name, [], {}, 0) for name in names], beside)
    if len(shown) < len(names):
        look = look._replace(shown=look.shown._replace(following=shown[-1].job))
    changes = clock_changes(wanted.begin, wanted.end, zone_of(scale.zone))
    now_us = microseconds(moment.now)
    head = ground(scale, outages, changes, now_us)
    return look, _Picture(shown, head, list(outages), changes, late_facts(late, scale.zone, now_us))


def _drawn(drawing: RowPicture, rows: Sequence[JobRow], beside: Mapping[str, RowMarks]) -> list[ShownRow]:
    """The rows, as many as have room on a page; the others come on the next one."""
    shown: list[ShownRow] = []
    drawn = 0
    for row in rows:
        svg = drawing.svg(row, beside[row.job])
        drawn += svg.count("<title>")
        if shown and drawn > MARKS_MAX:
            break
        shown.append(ShownRow(row.job, svg, _counts(row, beside[row.job])))
    return shown


def _counts(row: JobRow, marks: RowMarks) -> Sequence[tuple[str, str, str]]:
    """What a row shows, the worst first."""
    found = [
        (UNICODE.signs.get(mark, ""), f"{row.totals[mark]:,} {WORDS[mark]}", TONES[mark])
        for mark in MARKS
        if row.totals.get(mark)
    ]
    if row.late:
        found.append((UNICODE.signs["breached"], f"{len(row.late):,} {WORDS['breached']}", "warn"))
    for trigger, symbol, words in (("catch_up", "▲", "caught up"), ("backfill", "◆", "backfilled")):
        if count := sum(each.runs for each in marks.made_up if each.trigger == trigger):
            found.append((symbol, f"{count:,} of them {words}", "strong"))
    if marks.disabled:
        found.append(("▒", show_count(len(marks.disabled), "time disabled", "times disabled"), "dim"))
    if count := sum(each.runs for each in marks.planned):
        found.append(("┄", f"{count:,} to come", "dim"))
    return found


def _legend(rows: Sequence[ShownRow]) -> list[tuple[str, str, str]]:
    """What the symbols mean that the rows have."""
    used = {symbol for row in rows for symbol, *_ in row.counts}
    return [each for each in _LEGEND if each[0] in used or each[0] == "━"]


_LEGEND: Final[list[tuple[str, str, str]]] = [
    *((UNICODE.signs[mark], WORDS[mark], TONES[mark]) for mark in MARKS if mark in UNICODE.signs),
    ("━", "succeeded", "good"),
    ("▲", "caught up", "strong"),
    ("◆", "backfilled", "strong"),
    ("▒", "disabled", "dim"),
    ("┄", "to come", "dim"),
]

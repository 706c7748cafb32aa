"""What was late while a timeline goes: where in its lanes, in words below it, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from cli.charts.axis import instant_of
from cli.charts.timeline import LateMark
from cli.terminal.printable import printable, show_count
from cli.times.show import show_clock, show_duration
from scheduler.wording.expectation_entries import breach_clause

if TYPE_CHECKING:
    from cli.charts.timeline_data import ChartWindow, JobRow
    from projections import Sql
    from projections.reports.breaches import LateStretch

_LISTED = 4


def late_in(sql: Sql, window: ChartWindow, *, expects: bool) -> list[LateStretch]:
    """What was late of the jobs that are drawn.

    Args:
        sql: an open connection.
        window: the time and the jobs.
        expects: whether anything was ever expected of a job; otherwise nothing is asked.
    """
    if not expects:
        return []
    from projections.reports.breaches import breaches

    found = breaches(sql, window.begin_us, window.end_us)
    return [each for each in found if window.jobs is None or each.job in window.jobs]


def marked(rows: Sequence[JobRow], late: Sequence[LateStretch], window: ChartWindow) -> list[JobRow]:
    """The rows of a timeline, with where runs became late; at its beginning, where that was before."""
    marks: dict[str, list[LateMark]] = {}
    for each in late:
        if each.run is not None:
            column = window.axis.column_of(each.since_us)
            due = window.axis.column_of(each.since_us - each.limit_ms * 1_000)
            marks.setdefault(each.job, []).append(LateMark(column, due, each.seq))
    return [row._replace(late=marks.get(row.job, ())) for row in rows] if marks else list(rows)


def late_lines(late: Sequence[LateStretch], zone: str, now_us: int) -> list[str]:
    """Those that go on, then the longest, in words: what, of which job, from when to when."""
    return [told for told, _ in late_facts(late, zone, now_us)]


def late_facts(late: Sequence[LateStretch], zone: str, now_us: int) -> list[tuple[str, int | None]]:
    """The same, each with the entry that says so; None where it is about several."""
    lines: list[tuple[str, int | None]] = []
    now = instant_of(now_us)
    for each in late[:_LISTED]:
        over = each.ended_us is not None
        what = breach_clause(each.expectation, each.limit_ms, each.run, over=over)
        times = f"from {show_clock(instant_of(each.since_us), zone, beside=now)}"
        if each.ended_us is None:
            times += " on"
        else:
            ended = show_clock(instant_of(each.ended_us), zone, beside=now)
            times += f" to {ended} ({show_duration((each.ended_us - each.since_us) // 1_000)})"
        lines.append((f"{printable(each.job)} {'was' if over else 'is'} late {times}: {what}", each.seq))
    if len(late) > _LISTED:
        more = show_count(len(late) - _LISTED, "more time", "more times")
        lines.append((f"and {more} something was late", None))
    return lines


def late_documents(late: Sequence[LateStretch]) -> list[dict[str, Any]]:
    """The same as JSON has it."""
    return [
        {
            "job": each.job,
            "expectation": each.expectation,
            "run": each.run,
            "limit_ms": each.limit_ms,
            "since": instant_of(each.since_us),
            "ended": None if each.ended_us is None else instant_of(each.ended_us),
            "entry": each.seq,
        }
        for each in late
    ]

"""How a job went: a month by days, four weeks by hours, and how long its last runs took."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final

import click
from starlette.responses import Response

from cli.charts.axis import microseconds
from cli.charts.heatmap import RunCounts, days
from cli.console.asked import Asked
from cli.console.pages.arguments import query_text
from cli.console.pages.jobs.one.named_job import named_job
from cli.console.pages.jobs.one.pictures import durations_picture, heatmap_picture
from cli.terminal.printable import printable
from cli.times.zones import zone_of
from projections.reports.job_history import last_durations
from projections.reports.runs_by_quarter import runs_by_quarter

if TYPE_CHECKING:
    from projections import Sql

_DAY: Final = timedelta(days=1)
_WEEKS: Final = timedelta(days=28)
_RUNS_MAX: Final = 100
_TABLE_MAX: Final = 25
_MONTH: Final = re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{2})")


def show_history(asked: Asked) -> Response:
    """The page of how a job went; `month` is that of the calendar, as `2026-11`."""
    with asked.look() as view:
        job = named_job(asked, view)
        name, zone, now, head = job.name, job.definition.timezone, view.now, view.state.head.seq
        past = view.as_of
    there = zone_of(zone)
    first = _month(asked.argument("month"), now.astimezone(there).date())
    following = _next_month(first)
    begin, end = _midnight(first, zone), min(_midnight(following, zone), now)
    since = _midnight((now - _WEEKS).astimezone(there).date(), zone)
    with asked.site.sql.connected(past) as sql:
        # One question for both, where the month is of late.
        late = _quarters(sql, name, min(begin, since) if end > since else since, now)
        seen = late if end > since else _quarters(sql, name, begin, end) if begin < end else []
        runs = last_durations(sql, name, _RUNS_MAX)
    weeks = days(late, since, now, there)
    month = days(seen, begin, end, there) if begin < end else []
    return asked.page(
        "jobs/history.html",
        name=name,
        zone=zone,
        now=now,
        head=head,
        month=first,
        in_day=lambda day: _runs_of(name, day, zone),
        calendar=_weeks_of(first, following, {day.day: day.total for day in month}),
        earlier=(first - timedelta(days=1)).replace(day=1),
        later=following if following <= now.astimezone(there).date() else None,
        heatmap=heatmap_picture(weeks, "runs", f"Runs of {name} by day and hour"),
        weeks=weeks,
        durations=durations_picture(runs, f"How long the last runs of {name} took", zone),
        runs=list(reversed(runs))[:_TABLE_MAX],
        longest_ms=max((run.duration_ms for run in runs), default=None),
        median_ms=sorted(run.duration_ms for run in runs)[len(runs) // 2] if runs else None,
        count=len(runs),
    )


def _runs_of(name: str, day: date, zone: str) -> str:
    """What the page of runs is asked for those of a day, as the clocks in the job's zone show it."""
    since, until = (f"{_midnight(each, zone):%Y-%m-%dT%H:%M:%SZ}" for each in (day, day + _DAY))
    return query_text({"job": name, "since": since, "until": until})


def _quarters(sql: Sql, name: str, begin: datetime, end: datetime) -> list[tuple[int, RunCounts]]:
    found = runs_by_quarter(sql, microseconds(begin), microseconds(end), [name])
    return [(each.quarter, RunCounts(*each[1:])) for each in found]


def _weeks_of(
    first: date, following: date, totals: dict[date, RunCounts]
) -> list[list[tuple[date, RunCounts] | None]]:
    """The days of a month in weeks from Monday on; None where a week has days of another month."""
    cells: list[tuple[date, RunCounts] | None] = [None] * first.weekday()
    day = first
    while day < following:
        cells.append((day, totals.get(day, RunCounts())))
        day += timedelta(days=1)
    cells += [None] * (-len(cells) % 7)
    return [cells[begin : begin + 7] for begin in range(0, len(cells), 7)]


def _month(text: str, today: date) -> date:
    """The first day of a month as typed; of this one, if nothing is.

    Raises:
        click.BadParameter: it is no month between 1970 and the next one.
    """
    if not text:
        return today.replace(day=1)
    found = _MONTH.fullmatch(text)
    if found is None or not 1 <= int(found["month"]) <= 12 or not 1970 <= int(found["year"]) <= 9998:
        raise click.BadParameter(
            f"{printable(text[:40])!r} is no month, such as 2026-11", param_hint="'month'"
        )
    return date(int(found["year"]), int(found["month"]), 1)


def _next_month(first: date) -> date:
    return (first.replace(day=28) + timedelta(days=4)).replace(day=1)


def _midnight(day: date, zone: str) -> datetime:
    return datetime.combine(day, time(), tzinfo=zone_of(zone)).astimezone(UTC)

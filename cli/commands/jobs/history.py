"""`jobs history`: what ran, what was skipped, and how it came out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeAlias

import click

from cli.app.json_output import json_option, show_json
from cli.app.options import Choice, count_option
from cli.home.job_names import JOB, check_past
from cli.home.job_tags import tag_option, tagged
from cli.terminal.console import is_terminal, note
from cli.terminal.tables import Column, Row, fits, table
from cli.times.parse import parse_time
from cli.times.show import JOBS_ZONE, utc_option
from scheduler.entry_members import OUTCOMES, TRIGGERS
from scheduler.home import Home

if TYPE_CHECKING:
    from cli.runs.settled_run import SettledRun
    from cli.runs.unsettled import UnsettledRun
    from eventstore.store import Entry, EventStore

    _Shown: TypeAlias = tuple[UnsettledRun | SettledRun, str, Entry | None]
    _Table: TypeAlias = tuple[list[Column], list[Row]]

_OPEN = ("running", "waiting", "owed")
_STATUSES = (*OUTCOMES, "skipped", *_OPEN)
_COLUMNS = (
    Column("RUN", right=True, keep=True),
    Column("JOB"),
    Column("TRIGGER", keep=True),
    Column("SCHEDULED FOR", keep=True),
    Column("STARTED", keep=True),
    Column("TOOK", right=True, keep=True),
    Column("OUTCOME"),
)

_NARROW = (
    Column("RUN", right=True, keep=True),
    Column("JOB", keep=True),
    Column("TRIGGER", under=True),
    Column("STARTED", keep=True),
    Column("SCHEDULED FOR", under=True),
    Column("TOOK", right=True, keep=True),
    Column("OUTCOME"),
)


@click.command(epilog="Example: cronledger jobs history --job nightly --status failed --since 7d")
@count_option("--limit", 20, "At most so many.")
@click.option(
    "--job", "name", type=JOB, metavar="NAME", help="Of this job only; also one that is no longer configured."
)
@tag_option("Of jobs with this tag now; several: with any of them.")
@click.option("--status", type=Choice(_STATUSES, "status"), help="Only runs that came out so, or are so.")
@click.option(
    "--since",
    metavar="TIME",
    help="Ended at this time or later: 1h, today, 2026-11-23, 2026-11-23T18:00:00Z.",
)
@click.option("--until", metavar="TIME", help="Ended before this time; a date includes that day.")
@click.option(
    "--attempts", is_flag=True, help="Each attempt of the runs that made several, in a row of its own."
)
@click.option("--trigger", type=Choice(TRIGGERS, "trigger"), help="Only runs with this cause.")
@json_option
@utc_option(JOBS_ZONE)
@click.pass_obj
def history(
    home: Home,
    count: int,
    name: str | None,
    tags: tuple[str, ...],
    status: str | None,
    since: str | None,
    until: str | None,
    trigger: str | None,
    attempts: bool,
    as_json: bool,
    utc: bool,
) -> None:
    """Show runs: first those that are going or owed, then those that have ended or were skipped, the last one first.

    A run is owed from its time, or from a request, until it starts.
    """
    from cli.home.open import to_read
    from cli.runs.search import RunFilter, past_runs
    from cli.runs.unsettled import unsettled_runs

    now = datetime.now(UTC)
    wanted = RunFilter(
        job=name,
        status=status,
        trigger=trigger,
        since=None if since is None else parse_time(since, "--since", now),
        until=None if until is None else parse_time(until, "--until", now, end=True),
        attempts=attempts,
    )
    if wanted.since is not None and wanted.until is not None and wanted.since >= wanted.until:
        raise click.BadParameter("it is not before --until", param_hint="'--since'")
    with to_read(home, quiet=True) as view:
        if name is not None:
            check_past(view.state, name)
        if tags:
            with_tags = tagged(list(view.state.jobs.values()), tags)
            wanted = wanted._replace(among=frozenset(job.name for job in with_tags))
        runs: list[UnsettledRun | SettledRun] = [*unsettled_runs(view.state, wanted, now, count)]
        because: list[Entry | None] = [None] * len(runs)
        if view.ledger is not None and len(runs) < count and status not in _OPEN:
            past = past_runs(home, view.ledger.store, wanted, count - len(runs))
            runs += past
            because += [_cancelled_by(run, view.ledger.store) for run in past]
        zones = {job.name: job.definition.timezone for job in view.state.jobs.values()}
    if as_json:
        show_json([run.members() for run in runs])
        return
    narrowed = wanted._replace(attempts=False) != RunFilter()
    shown = [
        (run, "UTC" if utc else zones.get(run.job, "UTC"), entry)
        for run, entry in zip(runs, because, strict=True)
    ]
    columns, rows = _with_nodes(_COLUMNS, shown, [_cells(*row) for row in shown])
    if is_terminal() and not fits(columns, rows):
        columns, rows = _with_nodes(_NARROW, shown, [_cells(*row, narrow=True) for row in shown])
    table(columns, rows, empty="no such run" if narrowed else "nothing has run yet")
    if len(runs) == count and view.ledger is not None:
        note(f"the newest {count}; -n shows more")


def _with_nodes(columns: Sequence[Column], shown: Sequence[_Shown], rows: list[Row]) -> _Table:
    """The same with a column for the nodes, before that of the start; as it is where no node made any of them."""
    if all(run.node is None for run, _, _ in shown):
        return list(columns), rows
    at = next(number for number, column in enumerate(columns) if column.title == "STARTED")
    return (
        [*columns[:at], Column("NODE"), *columns[at:]],
        [[*row[:at], run.node or "", *row[at:]] for row, (run, _, _) in zip(rows, shown, strict=True)],
    )


def _cancelled_by(run: SettledRun, store: EventStore) -> Entry | None:
    """The entry with which a person cancelled a run before it had started."""
    if run.skipped_reason != "cancelled" or run.because_of is None:
        return None
    return next(store.read(run.because_of, run.because_of), None)


def _cells(run: UnsettledRun | SettledRun, zone: str, because: Entry | None, *, narrow: bool = False) -> Row:
    from cli.runs.unsettled import UnsettledRun

    if isinstance(run, UnsettledRun):
        return run.narrow_cells(zone) if narrow else run.cells(zone)
    return run.narrow_cells(zone, because) if narrow else run.cells(zone, because)

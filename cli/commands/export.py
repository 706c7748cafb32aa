"""`export`: what the ledger says, for other programs."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.app.csv_cells import CSV_FORMATS
from cli.app.failures import Failure
from cli.app.options import Choice
from cli.export.ocsf import OCSF_VIEWS
from cli.home.job_names import JOB
from cli.home.views import check_home
from cli.terminal.console import is_terminal, note
from cli.terminal.printable import show_count
from cli.times.show import parse_time
from projections.reports.view_rows import VIEW_ORDERS, RowSelection
from scheduler.home import Home

if TYPE_CHECKING:
    from cli.export.job_facts import ExportContext
    from cli.sql.answers import Destination
    from projections import Sql

_FORMATS = ("jsonl", *CSV_FORMATS, "parquet", "cloudevents", "ocsf", "crontab")


class _View(Choice):
    """A view; where none was named, those that there are stand in one sentence."""

    def get_missing_message(self, param: click.Parameter, ctx: click.Context | None) -> str:  # noqa: ARG002
        """What is said beside `Missing argument 'VIEW'`."""
        return f"There are {', '.join(self.choices)}"


@click.command(epilog="Example: cronledger export runs --since 30d --format parquet --output runs.parquet")
@click.argument("view", type=_View(tuple(VIEW_ORDERS), "view"), metavar="VIEW")
@click.option(
    "--format",
    "form",
    type=Choice(_FORMATS, "format"),
    default="jsonl",
    show_default=True,
    help="The format.",
)
@click.option("--since", metavar="TIME", help="Only what is from this time on, such as 30d or 2026-11-23.")
@click.option("--until", metavar="TIME", help="Only what is before this time; a date is included.")
@click.option(
    "--job", "jobs", type=JOB, metavar="NAME", multiple=True, help="Only of this job; may be repeated."
)
@click.option(
    "--cron",
    "dialect",
    type=Choice(("cronie", "debian"), "cron"),
    help="With --format crontab: for which cron  [default: cronie].",
)
@click.option("--system", is_flag=True, help="With --format crontab: with a user in front of each command.")
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
@click.option("--force", is_flag=True, help="Let --output replace a file.")
@click.pass_obj
def export(
    home: Home,
    view: str,
    form: str,
    since: str | None,
    until: str | None,
    jobs: tuple[str, ...],
    dialect: str | None,
    system: bool,
    output: Path | None,
    force: bool,
) -> None:
    """Write a view out, for other programs, in the order of the ledger.

    The views are those of `sql`: events, runs, attempts, jobs, slots, job_changes, outages, breaches, nodes and
    log_entries. Each time all is derived anew from the entries, every one of which is checked, in a temporary folder:
    what is written rests on no projection. Only log_entries are what stands under var/logs. However long the views
    are, this takes little memory. In csv a text that a spreadsheet would execute has a quote in front; csv-exact
    leaves it as it is. cloudevents is CloudEvents 1.0, a JSON object a line. ocsf is OCSF 1.8.0, Scheduled Job
    Activity (class 1006), of events, runs, attempts and job_changes. A damaged ledger is not exported: exit code 3,
    and no file. crontab is of jobs alone, and of the config as it is: entries with the values of variables; what a
    crontab cannot say is said in its comments.
    """
    from cli.sql.answers import Destination

    if form == "crontab":
        _export_crontab(home, view, jobs, dialect, output, system=system, force=force, times=since or until)
        return
    if dialect or system:
        raise click.UsageError("--cron and --system go with --format crontab")
    selection = _selection(view, since, until, jobs)
    if form == "ocsf" and view not in OCSF_VIEWS:
        raise Failure(
            f"{view} are no activities of jobs, which is what OCSF has a class for",
            f"As ocsf there are {', '.join(OCSF_VIEWS)}.",
        )
    destination = Destination(form if form in {*CSV_FORMATS, "parquet"} else "jsonl", output, force)
    destination.check(home)
    check_home(home)
    if jobs:
        _check_jobs(home, jobs)
    _export(home, selection, form, destination)


def _export_crontab(
    home: Home,
    view: str,
    jobs: tuple[str, ...],
    dialect: str | None,
    output: Path | None,
    *,
    system: bool,
    force: bool,
    times: str | None,
) -> None:
    from cli.export.crontab import write_crontab

    if view != "jobs":
        raise Failure(f"{view} are nothing that a crontab holds", "`cronledger export jobs --format crontab`")
    if times:
        raise click.UsageError("jobs are as they are now: --since and --until do not go with them")
    write_crontab(
        home, jobs, "debian" if dialect == "debian" else "cronie", output, system=system, force=force
    )


def _selection(view: str, since: str | None, until: str | None, jobs: tuple[str, ...]) -> RowSelection:
    now = datetime.now(UTC)
    columns = VIEW_ORDERS[view]
    if not columns.time and (since or until):
        raise click.UsageError(f"{view} are as they are now: --since and --until do not go with them")
    if not columns.job and jobs:
        raise click.UsageError(f"{view} are of no job: --job does not go with them")
    begin = None if since is None else parse_time(since, "--since", now)
    end = None if until is None else parse_time(until, "--until", now, end=True)
    if begin is not None and end is not None and begin >= end:
        raise click.BadParameter("it is not before --until", param_hint="'--since'")
    return RowSelection(view, jobs, begin, end)


def _check_jobs(home: Home, jobs: tuple[str, ...]) -> None:
    from cli.home.job_names import find_job
    from cli.home.open import to_read

    with to_read(home, quiet=True) as known:
        for name in jobs:
            find_job(known.state, name, removed=True)


def _export(home: Home, selection: RowSelection, form: str, destination: Destination) -> None:
    from cli.home.views import open_views
    from cli.sql.answers import deliver, deliver_texts, query_failures
    from cli.sql.formats import object_texts, plain_objects
    from cli.sql.interrupt import stopped_by_ctrl_c
    from cli.terminal.progress import progress
    from projections.reports.view_rows import view_rows

    watched = destination.file is not None or not is_terminal()
    left_out = _LeftOutRows()
    # Log entries stand beside the ledger: there is nothing to derive them of.
    derive = selection.view != "log_entries"
    with query_failures(), open_views(home, derive=derive) as sql, stopped_by_ctrl_c(sql):
        converted = _converter(sql, selection, form, left_out)
        with progress(f"exporting {selection.view}", shown=watched) as seen:
            found = view_rows(sql, selection, lambda done, total: seen.update(done, total=total))
            if converted is None:
                deliver(destination, home, found.columns, found.rows)
            else:
                deliver_texts(destination, home, object_texts(converted(plain_objects(*found))))
    left_out.remark()


Rows = Iterator[dict[str, Any]]


def _converter(
    sql: Sql, selection: RowSelection, form: str, left_out: _LeftOutRows
) -> Callable[[Rows], Rows] | None:
    """What turns rows into events; None where rows are wanted as they are."""
    from cli.export.job_facts import known_before, known_now
    from projections.reports.ledger_identity import ledger_id

    if form == "cloudevents":
        from cli.export.cloudevents import event_of, source_of

        source = source_of(ledger_id(sql))
        return lambda rows: (event_of(selection.view, row, source) for row in rows)
    if form == "ocsf":
        known = known_before(sql, selection.since) if selection.view == "events" else known_now(sql)
        return lambda rows: _activities(rows, selection.view, known, left_out)
    return None


def _activities(rows: Rows, view: str, known: ExportContext, left_out: _LeftOutRows) -> Rows:
    from cli.export.ocsf import activity_of
    from scheduler import vocabulary as v
    from scheduler.vocabulary.payload import fits

    for row in rows:
        data = row.get("data")
        if view == "events":
            payload = v.PAYLOADS.get(row["type"])
            if payload is not None and not fits(data, payload):
                row["data"] = {}  # what it holds is exported, and means nothing here
            known.learn(row["type"], row["job"], row["time"], row["data"])
        event = activity_of(view, row, known)
        if event is None:
            left_out.count += 1
        else:
            if view == "events":
                event["unmapped"]["data"] = data
            yield event


class _LeftOutRows:
    """How many rows the format has no place for."""

    def __init__(self) -> None:
        self.count = 0

    def remark(self) -> None:
        """Say so, if there are any."""
        if self.count:
            entries = show_count(self.count, "entry", "entries")
            note(f"{entries} of no job left out: as cloudevents or jsonl all are there")

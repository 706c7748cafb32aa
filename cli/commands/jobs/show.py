"""`cronledger jobs show`: one job in full."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click
import msgspec

from cli.app.json_output import json_option, show_json
from cli.app.options import count_option
from cli.home.as_of import as_of_option
from cli.home.job_names import JOB, find_job
from cli.home.job_settings import Setting, settings_of
from cli.home.open import to_read
from cli.jobs.job_facts import job_facts
from cli.terminal.console import is_terminal, note, out, speaks_unicode
from cli.terminal.tables import Cell, Column, details, table
from cli.times.show import JOBS_ZONE, show_duration, show_time, utc_option
from cli.words.words import outcome_symbol, outcome_words, trigger_words
from scheduler.home import Home
from scheduler.ledger.recent_runs import EndedRun, recent_runs
from scheduler.rules.state import Job

if TYPE_CHECKING:
    from scheduler.ledger.view import View


@click.command(epilog="Example: cronledger jobs show nightly -n 3")
@click.argument("name", metavar="NAME", type=JOB)
@count_option("--limit", 5, "At most so many recent runs.", least=0, most=100)
@as_of_option
@utc_option(JOBS_ZONE)
@json_option
@click.pass_obj
def show(home: Home, name: str, count: int, as_of: str | None, utc: bool, as_json: bool) -> None:
    """Show one job in full.

    What it is, when it runs, how it came out last, its effective configuration with where each value comes from, and
    its recent runs. With --as-of, all of it as it was at that moment, from the ledger alone.
    """
    with to_read(home, with_outline=True, as_of=as_of) as view:
        job = find_job(view.state, name)
        settings = settings_of(view, job)
        past = recent_runs(view, name, count)
        if as_json:
            show_json(_document(view, job, settings, past))
            return
        zone = "UTC" if utc else job.definition.timezone
        details(((fact.title, fact.value) for fact in job_facts(view, job, zone)), title=name)
        out("")
        _show_settings(settings)
        if count:
            out("")
            _show_runs(past, zone, job)


def _show_settings(settings: list[Setting]) -> None:
    columns = [Column("SETTING", keep=True), Column("VALUE"), Column("FROM", keep=True)]
    rows: list[list[Cell | str]] = [
        [
            setting.key,
            setting.shown,
            Cell(setting.origin_words, "dim" if setting.origin == "default" else "plain"),
        ]
        for setting in settings
    ]
    table(columns, rows)
    if any(setting.origin == "ledger" for setting in settings):
        note("Which of these the config said, and where, and which are defaults, is not in the ledger.")


def _show_runs(past: list[EndedRun], zone: str, job: Job) -> None:
    columns = [
        Column("RUN", right=True, keep=True), Column("STARTED", keep=True), Column("TRIGGER"),
        Column("TOOK", right=True, keep=True), Column("RESULT"),
    ]  # fmt: skip
    rows: list[list[Cell | str]] = []
    for run in past:
        words = outcome_words(run.outcome, exit_code=run.exit_code, signal_number=run.signal, error=run.error)
        words += f" (attempt {run.attempt})" if run.attempt > 1 else ""
        tone, symbol = outcome_symbol(run.outcome, speaks_unicode())
        took = "" if run.duration_ms is None else show_duration(run.duration_ms)
        result = Cell(f"{symbol} {words}" if is_terminal() else words, tone)
        rows.append([str(run.run), show_time(run.started, zone), trigger_words(run.trigger), took, result])
    older = job.last is not None
    none = "none has ended yet" if job.live else "no runs yet"
    table(columns, rows, empty="no recent runs" if older else none)
    if older:
        note(f"`cronledger jobs history --job {shlex.quote(job.name)}` lists all its runs.")


def _document(view: View, job: Job, settings: list[Setting], past: list[EndedRun]) -> dict[str, Any]:
    from cli.jobs.job_document import job_document

    return {
        **job_document(view.state, job, view.now, view.waiting_reasons),
        "configuration": [setting.document() for setting in settings],
        "recent_runs": [msgspec.structs.asdict(run) for run in past],
    }

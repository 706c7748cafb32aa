"""`cronledger jobs show`: one job in full."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import click

from cli.app.json_output import json_option, show_json
from cli.app.options import count_option
from cli.home.as_of import as_of_option
from cli.home.job_names import JOB, find_job
from cli.home.job_settings import Setting, settings_of
from cli.home.open import to_read
from cli.terminal.console import is_terminal, note, out, speaks_unicode
from cli.terminal.tables import Cell, Column, Value, details, table
from cli.times.show import JOBS_ZONE, show_duration, show_relative, show_time, utc_option
from cli.words.approval_words import change_rows, change_sentence
from cli.words.job_words import (
    backfill_words,
    enabled_cell,
    job_document,
    last_cell,
    last_words,
    skipped_words,
)
from cli.words.late_words import late_of, late_sentence
from cli.words.limit_words import memory_means, memory_means_words
from cli.words.wait_words import going_words
from cli.words.words import outcome_symbol, outcome_words, timing_words, trigger_words
from scheduler.home import Home
from scheduler.ledger.recent_runs import EndedRun, recent_runs
from scheduler.rules.requests.backfill import under_way
from scheduler.rules.requests.upcoming import next_run, settled_by_hand
from scheduler.rules.runs.waiting_reasons import WaitingReasons
from scheduler.rules.state import Job
from scheduler.wording.quantities import size_words

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
    with to_read(home, with_config=True, as_of=as_of) as view:
        job = find_job(view.state, name)
        settings = settings_of(view, job)
        past = recent_runs(view, name, count)
        if as_json:
            show_json(_document(view, job, settings, past))
            return
        zone = "UTC" if utc else job.definition.timezone
        details(_facts(view, job, zone), title=name)
        out("")
        _show_settings(settings)
        if count:
            out("")
            _show_runs(past, zone, job)


def _facts(view: View, job: Job, zone: str) -> Iterator[tuple[str, Value]]:
    waits = view.waiting_reasons
    words, source = timing_words(job.definition)
    if job.definition.description:
        yield "description", job.definition.description
    yield "schedule", f"{words} ({source})"
    yield "zone", job.definition.timezone
    yield "enabled", enabled_cell(view.state, job, zone, view.now, waits, with_settled=False, with_late=False)
    if (change := view.state.changes.get(job.name)) is not None:
        yield "pending", Cell(change_sentence(change, view.now, zone), "warn")
        for key, old, new in change_rows(job.definition, change.definition):
            yield f"  {key}", f"{old or 'none'} -> {new or 'none'}"
    limits = job.definition.limits
    if limits is not None and limits.memory_bytes is not None:
        yield "memory limit", f"{size_words(limits.memory_bytes)} {memory_means_words(memory_means(view))}"
    yield from _in_flight(view, job, waits, zone)
    if late := late_of(view.state, job):
        yield "late", [Cell(late_sentence(each, zone, view.now), "bad") for each in late]
    if (settled := settled_by_hand(job, view.now)) is not None:
        yield "settled", f"up to {show_time(settled.until, zone)}, by entry {settled.seq}"
    if (backfill := under_way(view.state, job.name)) is not None:
        yield "backfill", backfill_words(backfill)
    never = last_cell(view.state, job)
    yield "last run", last_words(job.last, view.now, zone) if job.last else never
    if job.last_skipped and (job.last is None or job.last_skipped.time > job.last.time):
        yield "last skipped", skipped_words(job.last_skipped, view.now, zone)
    upcoming = next_run(job, view.now)
    if upcoming is None and job.on_schedule and job.definition.at_reboot:
        yield "next run", "at the next boot of the machine"
    elif job.definition.follows and job.on_schedule:
        yield "next run", words
    elif upcoming is None:
        yield "next run", Cell("none", "dim")
    else:
        when = f"{show_time(upcoming, zone)} ({show_relative(upcoming, view.now)})"
        yield "next run", when if view.is_served else f"{when}, if a scheduler is running then"


def _in_flight(view: View, job: Job, waits: WaitingReasons, zone: str) -> Iterator[tuple[str, Value]]:
    for number in job.live:
        run = view.state.runs[number]
        told = f"run {number}, {going_words(view.state, run, waits, view.now, zone)}"
        yield "running" if run.started else "waiting", told


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
    return {
        **job_document(view.state, job, view.now, view.waiting_reasons),
        "configuration": [setting.document() for setting in settings],
        "recent_runs": [run._asdict() for run in past],
    }

"""`runs show`: everything about one run, with the entries that prove it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from cli.app.json_output import json_option, show_json
from cli.app.options import WholeNumber
from cli.home.open import to_read
from cli.home.run_numbers import no_run
from cli.terminal.console import note, out
from cli.terminal.tables import details
from cli.times.show import JOBS_ZONE, utc_option
from scheduler.home import Home

if TYPE_CHECKING:
    from cli.runs.run_report import DefinitionInForce
    from eventstore.store import EventStore
    from scheduler.ledger.run_record import RunRecord


@click.command(epilog="Example: cronledger runs show 41")
@click.argument("run", metavar="RUN", type=WholeNumber(0))
@utc_option(JOBS_ZONE)
@json_option
@click.pass_obj
def show(home: Home, run: int, utc: bool, as_json: bool) -> None:
    """Show everything about one run, with the entries that prove it.

    Why it was owed or who asked for it, the definition of its job then, when it started and where, who asked it to
    stop, how it ended, what it took and printed, or why it was not started; then each of its entries.
    """
    with to_read(home, quiet=True) as view:
        from cli.runs.run_report import RunReport
        from cli.words.entry_lines import EventLines
        from scheduler import vocabulary as v
        from scheduler.ledger.run_record import run_record

        store = None if view.ledger is None else view.ledger.store
        record = None if store is None else run_record(store, run)
        if store is None or record is None:
            raise no_run(store, run)
        end = None if record.end is None else v.payload(record.end)
        cause = getattr(end, "because_of", None)
        because_of = None if cause is None else next(store.read(cause, cause), None)
        in_force = _in_force(home, store, record)
        report = RunReport(record, because_of, in_force, view.now)
        if as_json:
            show_json(report.document())
            return
        zone = "UTC" if utc else "UTC" if in_force is None else in_force.definition.timezone
        details(report.facts(zone), title=f"run {run} of {record.cause.job}")
        out("")
        lines = EventLines(zone, numbered=True)
        for entry in record.entries:
            out(lines.of(entry))
        if getattr(end, "stdout_bytes", 0) or getattr(end, "stderr_bytes", 0):
            note(
                f"`cronledger logs show {run}` shows what it printed, `cronledger ledger show SEQ` an entry in full."
            )


def _in_force(home: Home, store: EventStore, record: RunRecord) -> DefinitionInForce | None:
    """The definition of its job at the moment when the run was owed."""
    from cli.runs.run_report import DefinitionInForce
    from cli.terminal.progress import progress
    from scheduler.ledger.past import Past

    with progress("reading the past") as seen:
        past = Past.of(home, store, lambda done, total: seen.update(done, total=total))
        job = past.state_at(record.cause.seq).jobs.get(record.cause.job or "")
    return None if job is None else DefinitionInForce(job.definition, job.revision, job.defined_seq)

"""Everything about one run, with the entries that prove it and what it printed."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from cli.console.asked import Asked
from cli.console.page_route import NotFound
from cli.console.pages.ledger.entries import EntryRow
from cli.console.pages.runs.output import ShownStream, shown_streams
from cli.home.run_numbers import no_run
from cli.runs.run_report import DefinitionInForce, RunReport
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.ledger.run_record import RunRecord, run_record
from scheduler.ledger.view import View

_ENTRIES_MAX: Final = 200_000
"""A run that goes on while more is recorded is shown up to there."""
_ROWS_MAX: Final = 200


def show_run(asked: Asked) -> Response:
    """The page of a run."""
    number = asked.request.path_params["run"]
    with asked.look() as view:
        store = None if view.ledger is None else view.ledger.store
        record = None if store is None else run_record(store, number, _ENTRIES_MAX)
        if store is None or record is None:
            missing = no_run(store, number)
            raise NotFound(missing.message, missing.hint)
        end = None if record.end is None else v.payload(record.end)
        cause = getattr(end, "because_of", None)
        because_of = None if cause is None else next(iter(store.read(cause, cause)), None)
        job = view.state.jobs.get(record.cause.job or "")
        zone = asked.zone if job is None else job.definition.timezone
        report = RunReport(record, because_of, _in_force(view, record), view.now)
        facts = list(report.facts(zone))
        live = number in view.state.runs and view.as_of is None
        secret_of = None if job is None else job.definition
        now, head = view.now, view.state.head.seq
    streams: list[ShownStream] = []
    if asked.as_of is None:
        streams = shown_streams(asked.site.home, record, secret_of)
    return asked.page(
        "runs/run.html",
        number=number,
        job=record.cause.job or "",
        facts_of_run=facts,
        rows=[EntryRow.of(entry, zone) for entry in _shown(record.entries)],
        left_out=max(0, len(record.entries) - _ROWS_MAX),
        streams=streams,
        live=live,
        now=now,
        head=head,
        zone=zone,
        ended_badly=isinstance(end, v.RunFinished) and end.outcome != "succeeded",
        cut_off=record.end is None and head - number > _ENTRIES_MAX,
    )


def _in_force(view: View, record: RunRecord) -> DefinitionInForce | None:
    """The definition of its job when it was owed, if that is the present one: an older one is found by its entry."""
    job = view.state.jobs.get(record.cause.job or "")
    if job is None or job.defined_seq > record.cause.seq:
        return None
    return DefinitionInForce(job.definition, job.revision, job.defined_seq)


def _shown(entries: list[Entry]) -> list[Entry]:
    """The first and the last ones, if they are very many."""
    if len(entries) <= _ROWS_MAX:
        return entries
    half = _ROWS_MAX // 2
    return [*entries[:half], *entries[-half:]]

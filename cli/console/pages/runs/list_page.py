"""Runs, the newest first, a page at a time, however many there are."""

from __future__ import annotations

from typing import Final, NamedTuple

from starlette.responses import Response

from cli.console.asked import Asked
from cli.console.pages.arguments import number_argument
from cli.console.pages.runs.wanted_runs import OPEN_STATUSES, STATUSES, runs_query_text, wanted_runs, with_tag
from cli.runs.search import RunFilter, runs_near
from cli.runs.settled_run import SettledRun
from cli.runs.unsettled import UnsettledRun, unsettled_runs
from cli.terminal.tables import Cell
from scheduler.entry_members import TRIGGERS

_SHOWN: Final = 50
_TAGS_MAX: Final = 200


class RunRow(NamedTuple):
    """A run as a row shows it.

    Attributes:
        number, job: of the run; node: which makes or made it, where several share the ledger.
        cells: outcome, trigger, scheduled for, started, took.
        proof: the entry that settled it, or caused it while it has not ended.
        can_stop: it has not ended, and nobody has asked that it be stopped.
    """

    number: int
    job: str
    node: str | None
    cells: list[Cell | str]
    proof: int
    can_stop: bool = False

    @classmethod
    def of(cls, run: UnsettledRun | SettledRun, zone: str) -> RunRow:
        """The row of a run; its times are shown in a zone."""
        *cells, outcome = run.cells(zone)[2:]
        cells.insert(0, outcome)
        if isinstance(run, UnsettledRun):
            facts = run.facts
            return cls(facts.number, facts.job, run.node, cells, facts.number, facts.cancel_seq is None)
        return cls(run.run, run.job, run.node, cells, run.settled_seq)


def show_runs(asked: Asked) -> Response:
    """A page of runs: those that have not ended by number, then those that have, by the entries that say so."""
    before, below = number_argument(asked, "before"), number_argument(asked, "below")
    wanted = wanted_runs(asked)
    open_runs: list[UnsettledRun] = []
    settled: list[SettledRun] = []
    with asked.look() as view:
        state, as_of, head = view.state, view.as_of, view.state.head.seq
        wanted = with_tag(asked, wanted, state)
        if before is None:
            open_runs = unsettled_runs(state, wanted, view.now, _SHOWN + 1, below)
        room = _SHOWN - len(open_runs)
        store = None if view.ledger is None or wanted.status in OPEN_STATUSES else view.ledger.store
        looked_to = 0
        if store is not None and room > 0:
            settled, looked_to = runs_near(store, wanted, room, before)
        zones = {job.name: job.definition.timezone for job in state.jobs.values()}
        tags = sorted({tag for job in state.jobs.values() if job.present for tag in job.definition.tags})
        nodes = sorted(state.nodes)
    if looked_to > 0 and len(settled) < room:
        settled += _far_runs(asked, wanted, room - len(settled), looked_to, as_of)
    rows: list[UnsettledRun | SettledRun] = [*open_runs[:_SHOWN], *settled]
    older = None
    if len(open_runs) > _SHOWN:
        older = runs_query_text(asked, below=open_runs[_SHOWN - 1].facts.number)
    elif len(rows) == _SHOWN and store is not None:
        older = runs_query_text(asked, before=settled[-1].settled_seq if settled else head + 1)
    return asked.page(
        "runs/runs.html",
        now=view.now,
        head=head,
        rows=[RunRow.of(run, zones.get(run.job, "UTC")) for run in rows],
        statuses=STATUSES,
        triggers=TRIGGERS,
        tags=tags[:_TAGS_MAX],
        nodes=nodes,
        given=asked.argument,
        query=runs_query_text(asked),
        older=older,
        newest=None if before is None and below is None else runs_query_text(asked),
    )


def _far_runs(
    asked: Asked, wanted: RunFilter, limit: int, before: int, as_of: int | None
) -> list[SettledRun]:
    """Those further back, found by SQL; the engine is asked while nobody has to wait for the ledger."""
    from projections.reports.run_search import settling_entries

    with asked.site.sql.connected(as_of) as sql:
        found = settling_entries(sql, before_seq=before, limit=limit, **wanted._asdict())
    with asked.look() as view:
        assert view.ledger is not None, "there was one a moment ago"
        store = view.ledger.store
        rows = [wanted.admits(next(iter(store.read(seq, seq)))) for seq in found]
    return [row for row in rows if row is not None]

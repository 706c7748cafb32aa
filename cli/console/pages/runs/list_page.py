"""Runs, the newest first, a page at a time, however many there are."""

from __future__ import annotations

from typing import Final, NamedTuple

from starlette.responses import Response

from cli.console.asked import Asked
from cli.console.pages.arguments import choice_argument, number_argument, query_text, time_argument
from cli.runs.search import RunFilter, runs_near
from cli.runs.settled_run import SettledRun
from cli.runs.unsettled import UnsettledRun, unsettled_runs
from cli.terminal.tables import Cell
from scheduler.entry_members import OUTCOMES, TRIGGERS

_SHOWN: Final = 50
_OPEN: Final = ("running", "waiting", "owed")
_STATUSES: Final = (*OUTCOMES, "skipped", *_OPEN)


class RunRow(NamedTuple):
    """A run as a row shows it.

    Attributes:
        number, job: of the run; node: which makes or made it, where several share the ledger.
        cells: trigger, scheduled for, started, took, outcome.
        proof: the entry that settled it, or caused it while it has not ended.
    """

    number: int
    job: str
    node: str | None
    cells: list[Cell | str]
    proof: int

    @classmethod
    def of(cls, run: UnsettledRun | SettledRun, zone: str) -> RunRow:
        """The row of a run; its times are shown in a zone."""
        cells = run.cells(zone)[2:]
        if isinstance(run, UnsettledRun):
            return cls(run.facts.number, run.facts.job, run.node, cells, run.facts.number)
        return cls(run.run, run.job, run.node, cells, run.settled_seq)


def show_runs(asked: Asked) -> Response:
    """A page of runs."""
    wanted, before = _wanted(asked), number_argument(asked, "before")
    rows: list[UnsettledRun | SettledRun] = []
    with asked.look() as view:
        if before is None:
            rows += unsettled_runs(view.state, wanted, view.now, _SHOWN)
        store = None if view.ledger is None else view.ledger.store
        settled_wanted = store is not None and wanted.status not in _OPEN
        looked_to = 0
        if store is not None and settled_wanted:
            near, looked_to = runs_near(store, wanted, _SHOWN - len(rows), before)
            rows += near
        zones = {job.name: job.definition.timezone for job in view.state.jobs.values()}
        head, as_of = view.state.head.seq, view.as_of
    if looked_to > 0 and len(rows) < _SHOWN:
        rows += _far_runs(asked, wanted, _SHOWN - len(rows), looked_to, as_of)
    last = rows[-1] if len(rows) == _SHOWN and rows else None
    return asked.page(
        "runs/runs.html",
        now=view.now,
        head=head,
        rows=[RunRow.of(run, zones.get(run.job, "UTC")) for run in rows],
        statuses=_STATUSES,
        triggers=TRIGGERS,
        given=asked.argument,
        older=None if last is None else _query(asked, before=_before(last, head)),
        newest=None if before is None else _query(asked),
    )


def _before(last: UnsettledRun | SettledRun, head: int) -> int:
    """The entry before which the runs of the next page were settled."""
    return last.settled_seq if isinstance(last, SettledRun) else head + 1


def _wanted(asked: Asked) -> RunFilter:
    return RunFilter(
        job=asked.argument("job").strip() or None,
        status=choice_argument(asked, "status", _STATUSES),
        trigger=choice_argument(asked, "trigger", TRIGGERS),
        since=time_argument(asked, "since"),
        until=time_argument(asked, "until", end=True),
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


def _query(asked: Asked, **more: int) -> str:
    given = {name: asked.argument(name) for name in ("job", "status", "trigger", "since", "until")}
    return query_text({**given, **more})

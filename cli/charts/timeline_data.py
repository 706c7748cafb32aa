"""The data of a timeline, from the ledger: runs in a window of time, missed instants, and outages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from copy import copy
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, cast

import msgspec

from cli.charts.axis import Axis, microseconds
from cli.charts.timeline import LateMark, RunMark, RunSpan
from cli.charts.timeline_misfires import missed_spans, spread
from projections.reports.earlier_definitions import earlier_definitions
from projections.reports.interruptions import Interruption
from projections.reports.outages import Outage, outages
from projections.reports.timeline.joined_runs import joined_runs
from projections.reports.timeline.made_up import made_up
from projections.reports.timeline.runs_by_column import ColumnRuns, runs_by_column
from projections.reports.timeline.scheduler_activity import last_activity
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.rules.missed_instants import schedule_of_misfire

if TYPE_CHECKING:
    from projections import Sql
    from scheduler.ledger.view import SchedulerState, View
    from scheduler.rules.state import Run

_LAST_ACTIVITY_ENTRIES = 10_000
"""The last entry of a scheduler that died is looked for among this many at the end of the ledger."""


class JobRow(NamedTuple):
    """One job's part of the timeline.

    Attributes:
        job: its name.
        spans: its runs.
        totals: how many runs have each mark; for `missed`, how many instants within the window.
        late_us: the longest time that one of the runs waited.
        late: where its runs became late by what is expected of them.
    """

    job: str
    spans: list[RunSpan]
    totals: dict[RunMark, int]
    late_us: int
    late: Sequence[LateMark] = ()


class ChartWindow(NamedTuple):
    """The time between two instants, in microseconds since 1970, and the jobs that are drawn; None: all of them."""

    begin_us: int
    end_us: int
    jobs: list[str] | None
    axis: Axis


class TimelineMoment(NamedTuple):
    """What a timeline takes from the folded state: a copy, which stays as it is while the state goes on.

    Attributes:
        now: when it was looked at; head_seq: the last entry then.
        scheduler_state: whether one served.
        definitions: how the jobs are defined, and by which entry.
        backfilled: the jobs of which instants were backfilled.
        runs: those that are owed or running.
        expects: whether anything was ever expected of a job.
    """

    now: datetime
    head_seq: int
    scheduler_state: SchedulerState
    definitions: Mapping[str, tuple[int, JobDefinition]]
    backfilled: AbstractSet[str]
    runs: Sequence[Run]
    expects: bool

    @classmethod
    def of(cls, view: View, jobs: Sequence[str] | None) -> TimelineMoment:
        """What is to be known of some jobs; None: of all."""
        state = view.state
        known = (
            [state.jobs[name] for name in jobs if name in state.jobs]
            if jobs is not None
            else state.jobs.values()
        )
        wanted = None if jobs is None else set(jobs)
        return cls(
            view.now,
            state.head.seq,
            view.scheduler_state,
            {job.name: (job.defined_seq, job.definition) for job in known},
            frozenset(state.backfills),
            [copy(run) for run in state.runs.values() if wanted is None or run.job in wanted],
            state.expectations is not None,
        )


def rows_of(
    sql: Sql,
    moment: TimelineMoment,
    window: ChartWindow,
    first: int | None,
    interrupted: Sequence[Interruption],
    *,
    joined: bool = False,
) -> list[JobRow]:
    """The jobs that have something to show, by name.

    Args:
        sql: an open connection.
        moment: what is taken from the folded state.
        window: the time and the jobs.
        first: the first entry within the window; None: there is none.
        interrupted: the interruptions from there on.
        joined: have runs that fill columns side by side as one span, where nothing else is beside them.
    """
    rows: dict[str, JobRow] = {}
    in_flight = _in_flight(moment, window)

    def add(job: str, span: RunSpan, count: int, late_us: int = 0) -> None:
        row = rows.get(job) or JobRow(job, [], {}, 0)
        row.spans.append(span)
        row.totals[span.mark] = row.totals.get(span.mark, 0) + count
        rows[job] = row._replace(late_us=max(row.late_us, late_us))

    if first is not None:
        found = _joined(sql, window, first, in_flight) if joined else _settled(sql, window, first)
        for settled, is_joined in found:
            add(settled.job, _span(settled, is_joined), settled.runs, settled.late_us)
    for job, span in _missed(sql, moment, window, interrupted):
        add(job, span, span.runs)
    for job, span, late_us in in_flight:
        add(job, span, 1, late_us)
    return [rows[job] for job in sorted(rows)]


def _span(found: ColumnRuns, joined: bool) -> RunSpan:
    begin, due = found.first_column, found.due_column
    return RunSpan(
        begin,
        found.last_column,
        cast("RunMark", found.outcome),
        found.runs,
        due if due < begin else None,
        found.before,
        found.after,
        found.first_due_us,
        joined,
    )


def _settled(sql: Sql, window: ChartWindow, first: int) -> Iterator[tuple[ColumnRuns, bool]]:
    axis = window.axis
    for found in runs_by_column(
        sql,
        first_seq=first,
        window_us=(window.begin_us, window.end_us),
        axis_us=(axis.begin_us, axis.end_us),
        column_us=axis.column_us,
        jobs=window.jobs,
    ):
        yield found, False


def _joined(
    sql: Sql, window: ChartWindow, first: int, in_flight: Sequence[tuple[str, RunSpan, int]]
) -> Sequence[tuple[ColumnRuns, bool]]:
    assert window.jobs is not None, "they are joined for a page of jobs"
    busy: dict[str, int] = {}
    for job, span, _ in in_flight:
        begin = span.first if span.due is None else span.due
        busy[job] = min(begin, busy.get(job, begin))
    axis = window.axis
    return joined_runs(
        sql,
        first_seq=first,
        window_us=(window.begin_us, window.end_us),
        axis_us=(axis.begin_us, axis.end_us),
        column_us=axis.column_us,
        jobs=window.jobs,
        busy=busy,
    )


def _missed(
    sql: Sql, moment: TimelineMoment, window: ChartWindow, interrupted: Sequence[Interruption]
) -> Iterator[tuple[str, RunSpan]]:
    """The instants that were missed within the window, from the schedules that were in force."""
    picture = window.begin_us, window.end_us, window.axis
    backfilled = {seq for _, job, seq in _misfires(interrupted) if job in moment.backfilled}
    later = made_up(sql, backfilled)
    for misfire, job, seq in _misfires(interrupted):
        if window.jobs is not None and job not in window.jobs:
            continue
        begins, ends = microseconds(misfire.first), microseconds(misfire.last)
        if misfire.count <= misfire.will_run or begins >= window.end_us or ends < window.begin_us:
            continue
        try:
            schedule = schedule_of_misfire(_definitions_before(sql, moment, job, seq), misfire)
        except LookupError:
            spans = spread(misfire, *picture, tuple(later.get(seq, ())))
        else:
            spans = missed_spans(misfire, schedule, *picture, tuple(later.get(seq, ())))
        for span in spans:
            yield job, span


def _definitions_before(sql: Sql, moment: TimelineMoment, name: str, seq: int) -> Iterator[JobDefinition]:
    """How the job was defined before an entry, the newest first; as it is now is at hand without a question."""
    defined_seq, definition = moment.definitions.get(name, (seq, None))
    if definition is not None and defined_seq < seq:
        yield definition
    yield from earlier_definitions(sql, name, seq)


def _misfires(interrupted: Sequence[Interruption]) -> Iterator[tuple[v.ScheduleMisfired, str, int]]:
    decode = msgspec.json.Decoder(v.ScheduleMisfired).decode
    for entry in interrupted:
        if entry.type == v.ScheduleMisfired.TYPE and entry.job is not None:
            yield decode(entry.data), entry.job, entry.seq


def _in_flight(moment: TimelineMoment, window: ChartWindow) -> list[tuple[str, RunSpan, int]]:
    """The runs that are owed or running, from the folded state."""
    found = []
    axis, now_us = window.axis, microseconds(moment.now)
    for run in moment.runs:
        due_us = microseconds(run.scheduled_for or run.owed_at)
        if run.retry is not None:  # an attempt has ended, and is drawn for itself
            ended = run.retry.last
            due_us = microseconds(ended.started) + (ended.duration_ms or 0) * 1_000
        began_us = due_us if run.started is None else microseconds(run.started)
        if began_us >= window.end_us or (window.jobs is not None and run.job not in window.jobs):
            continue
        first, last = axis.stretch(began_us, min(now_us, axis.end_us))
        mark: RunMark = "owed" if run.started is None else "running"
        due = axis.column_of(due_us)
        span = RunSpan(
            first, last, mark, 1, due if due < first else None, began_us < axis.begin_us, due_us=due_us
        )
        late_us = (now_us if run.started is None else began_us) - due_us
        # What was to be waited for between two attempts is not late.
        found.append((run.job, span, late_us if run.retry is None else 0))
    return found


def outages_of(
    sql: Sql,
    moment: TimelineMoment,
    window: ChartWindow,
    first: int | None,
    interrupted: Sequence[Interruption],
) -> list[Outage]:
    """The outages; if a scheduler died and none has been started since, the last outage has no end.

    The view `outages` is queried only if an entry shows that it has rows, because that query is slow.
    """
    found = []
    stalled = any(misfire.reason == "stall" for misfire, _, _ in _misfires(interrupted))
    lifecycle = any(entry.type != v.ScheduleMisfired.TYPE for entry in interrupted)
    if stalled or lifecycle or moment.scheduler_state in ("stopped", "paused"):
        found = outages(sql, window.begin_us, window.end_us)
    if moment.scheduler_state == "died":
        recent = max(first or 0, moment.head_seq - _LAST_ACTIVITY_ENTRIES)
        died = None if first is None else last_activity(sql, recent)
        died_us, seq = (window.begin_us, None) if died is None else died
        if died_us < window.end_us:
            found.append(Outage("down", died_us, None, "died", seq))
    return found

"""What a timeline shows, out of the ledger: the runs of a stretch of time, what was missed, when nobody watched.

Runs that look alike on the axis are counted by the database, so that a day of a million runs costs no more than the
columns that it fills.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from cli.charts.axis import Axis, microseconds
from cli.charts.timeline import Mark, Span
from cli.charts.timeline_misfires import missed_spans, schedule_of_misfire, spread
from scheduler import vocabulary as v

if TYPE_CHECKING:
    from projections import Sql
    from scheduler.ledger.view import View

_SPANS = """
WITH seen AS (
    SELECT job, CASE status WHEN 'skipped' THEN 'skipped' ELSE outcome END AS mark,
           epoch_us(coalesce(scheduled_for, owed_at)) AS due,
           epoch_us(CASE status WHEN 'skipped' THEN coalesce(scheduled_for, owed_at) ELSE started END) AS began,
           CASE WHEN status = 'skipped' THEN began
                ELSE coalesce(began + duration_ms * 1000, epoch_us(finished)) END AS ended
    FROM runs
    WHERE settled_seq >= $first_seq AND owed_at < to_timestamp($end / 1e6)
      AND ($jobs IS NULL OR list_contains($jobs, job))
)
SELECT job, mark, (greatest(began, $axis_begin) - $axis_begin) // $column AS first_column,
       (least(greatest(ended - 1, began, $axis_begin), $axis_end - 1) - $axis_begin) // $column AS last_column,
       (greatest(due, $axis_begin) - $axis_begin) // $column AS due_column,
       began < $axis_begin AS before, ended > $axis_end AS after,
       count(*) AS runs, max(began - due) AS late_us
FROM seen WHERE began < $end AND (ended >= $begin OR began >= $begin)
GROUP BY ALL ORDER BY ALL
"""
_FIRST_SEQ = "SELECT min(seq) FROM events WHERE time >= to_timestamp($begin / 1e6)"
_NOTES = """
SELECT type, job, data, seq FROM events
WHERE seq >= $first_seq AND type IN (
    'schedule.misfired', 'scheduler.started', 'scheduler.stopped', 'scheduler.paused', 'scheduler.resumed',
    'clock.stepped'
) ORDER BY seq
"""
_OUTAGES = """
SELECT kind, epoch_us(began), epoch_us(ended), reason FROM outages
WHERE kind <> 'clock_step' AND began < to_timestamp($end / 1e6)
  AND (ended IS NULL OR ended > to_timestamp($begin / 1e6)) ORDER BY began
"""
_LAST_SIGN = "SELECT epoch_us(max(time)) FROM events WHERE seq >= $first_seq AND actor = 'scheduler'"
_LAST_SIGN_ENTRIES = 10_000
"""The last entry of a scheduler that died is looked for among so many at the end of the ledger."""


class Row(NamedTuple):
    """One job's part of the picture.

    Attributes:
        job: its name.
        spans: its runs.
        totals: how many there are of each mark; of `missed`, how many instants within the window.
        late_us: the longest that one of them waited.
    """

    job: str
    spans: list[Span]
    totals: dict[Mark, int]
    late_us: int


class Outage(NamedTuple):
    """Time in which nothing was watching.

    Attributes:
        kind: as in the view `outages`: `down`, `suspend`, `paused`, `stall`.
        began_us: when it began.
        ended_us: when it ended; None while it lasts.
        reason: why, where that is known.
    """

    kind: str
    began_us: int
    ended_us: int | None
    reason: str | None


class Note(NamedTuple):
    """An entry that is about no run: a misfire, or something about the scheduler; with its payload as it stands."""

    type: str
    job: str | None
    data: str
    seq: int


class Window(NamedTuple):
    """What is asked for: what has a part between two instants, in microseconds; of some jobs, or of all (None)."""

    begin_us: int
    end_us: int
    jobs: list[str] | None
    axis: Axis


def first_seq(sql: Sql, begin_us: int) -> int | None:
    """The first entry that was written in the window or after it; None if there is none."""
    ((found,),) = sql.execute(_FIRST_SEQ, {"begin": begin_us}).all()
    return None if found is None else int(found)


def notes(sql: Sql, first: int | None) -> list[Note]:
    """What happened beside runs, from entry `first` on."""
    return [] if first is None else [Note(*row) for row in sql.execute(_NOTES, {"first_seq": first}).all()]


def rows_of(sql: Sql, view: View, window: Window, first: int | None, noted: Sequence[Note]) -> list[Row]:
    """The jobs that have something to show, by name."""
    rows: dict[str, Row] = {}

    def add(job: str, span: Span, count: int, late_us: int = 0) -> None:
        row = rows.get(job) or Row(job, [], {}, 0)
        row.spans.append(span)
        row.totals[span.mark] = row.totals.get(span.mark, 0) + count
        rows[job] = row._replace(late_us=max(row.late_us, late_us))

    if first is not None:
        for job, mark, begin, end, due, before, after, runs, late_us in _settled(sql, window, first):
            waited = due if due < begin else None
            add(job, Span(begin, end, mark, runs, waited, before, after), runs, late_us)
    for job, span in _missed(sql, view, window, noted):
        add(job, span, span.runs)
    for job, span, late_us in _in_flight(view, window):
        add(job, span, 1, late_us)
    return [rows[job] for job in sorted(rows)]


def _settled(sql: Sql, window: Window, first: int) -> Sequence[tuple[Any, ...]]:
    axis = window.axis
    return sql.execute(
        _SPANS,
        {
            "first_seq": first, "jobs": window.jobs, "begin": window.begin_us, "end": window.end_us,
            "axis_begin": axis.begin_us, "axis_end": axis.end_us, "column": axis.column_us,
        },
    ).all()  # fmt: skip


def _missed(sql: Sql, view: View, window: Window, noted: Sequence[Note]) -> Iterator[tuple[str, Span]]:
    """The instants that were missed within the window, as the schedules had them that were in force."""
    picture = window.begin_us, window.end_us, window.axis
    for misfire, job, seq in _misfires(noted):
        if window.jobs is not None and job not in window.jobs:
            continue
        begins, ends = microseconds(misfire.first), microseconds(misfire.last)
        if misfire.count <= misfire.will_run or begins >= window.end_us or ends < window.begin_us:
            continue
        try:
            schedule = schedule_of_misfire(sql, view.state.jobs.get(job), job, seq, misfire)
        except LookupError:
            spans = spread(misfire, *picture)
        else:
            spans = missed_spans(misfire, schedule, *picture)
        for span in spans:
            yield job, span


def _misfires(noted: Sequence[Note]) -> Iterator[tuple[v.ScheduleMisfired, str, int]]:
    decode = msgspec.json.Decoder(v.ScheduleMisfired).decode
    for note in noted:
        if note.type == v.ScheduleMisfired.TYPE and note.job is not None:
            yield decode(note.data), note.job, note.seq


def _in_flight(view: View, window: Window) -> list[tuple[str, Span, int]]:
    """Runs that are owed or going, which the state knows."""
    found = []
    axis, now_us = window.axis, microseconds(view.now)
    for run in view.state.runs.values():
        due_us = microseconds(run.scheduled_for or run.owed_at)
        began_us = due_us if run.started is None else microseconds(run.started)
        if began_us >= window.end_us or (window.jobs is not None and run.job not in window.jobs):
            continue
        first, last = axis.stretch(began_us, min(now_us, axis.end_us))
        mark: Mark = "owed" if run.started is None else "running"
        due = axis.column_of(due_us)
        span = Span(first, last, mark, 1, due if due < first else None, began_us < axis.begin_us)
        found.append((run.job, span, (now_us if run.started is None else began_us) - due_us))
    return found


def outages_of(
    sql: Sql, view: View, window: Window, first: int | None, noted: Sequence[Note]
) -> list[Outage]:
    """When nothing was watching; a scheduler that died and was not started again has an outage that lasts.

    The view is asked only where something tells that it has an answer: putting it together takes a while.
    """
    found = []
    watch = view.state.scheduler
    stalled = any(misfire.reason == "stall" for misfire, _, _ in _misfires(noted))
    lifecycle = any(note.type != v.ScheduleMisfired.TYPE for note in noted)
    is_down = watch is not None and (watch.stopped is not None or watch.paused is not None)
    if stalled or lifecycle or is_down:
        parameters = {"begin": window.begin_us, "end": window.end_us}
        found = [Outage(*row) for row in sql.execute(_OUTAGES, parameters).all()]
    if view.holder is None and watch is not None and watch.stopped is None:
        recent = max(first or 0, view.state.head.seq - _LAST_SIGN_ENTRIES)
        sign_us = None if first is None else sql.execute(_LAST_SIGN, {"first_seq": recent}).all()[0][0]
        died_us = window.begin_us if sign_us is None else int(sign_us)
        if died_us < window.end_us:
            found.append(Outage("down", died_us, None, "died"))
    return found

"""What runs and what waits, as rows of the page."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from cli.status.findings import backfills_going, jobs_awaiting
from cli.terminal.tables import Cell
from cli.words.job_words import backfill_words
from cli.words.lock_words import lock_waits_words
from cli.words.scheduler_words import full_slots_words
from cli.words.wait_words import awaited_words, waited_words, waiting_words
from cli.words.words import trigger_words
from scheduler.rules.awaited import AwaitedInstant

if TYPE_CHECKING:
    from scheduler.ledger.view import View
    from scheduler.rules.state import Job, Run

RUNNING_MAX: Final = 50
WAITING_MAX: Final = 50
_JOBS_MAX: Final = 20


class RunningRow(NamedTuple):
    """A run that is going.

    Attributes:
        run, job, trigger: which.
        since: when its attempt started, by entry `entry`.
        attempt: which one that is; node: where it is made, None on one machine.
        last_ms: how long the job's last success took, if its last run was one; last_entry: which entry says so.
        remarks: what there is to tell beside: for what it had waited; cancel_entry: who asked that it be stopped.
    """

    run: int
    job: str
    trigger: str
    since: datetime
    entry: int
    attempt: int
    node: str | None
    last_ms: int | None
    last_entry: int | None
    remarks: str
    cancel_entry: int | None


class WaitingRow(NamedTuple):
    """A run, or a job (`run` is None), that waits: since when, and why; `entry` shows that it is owed.

    `can_stop` says that nobody has asked yet that the run be stopped.
    """

    run: int | None
    job: str
    since: datetime
    why: str
    entry: int | None
    trigger: str = ""
    can_stop: bool = False


class ComingBack(NamedTuple):
    """A backfill or a catch-up that is under way: what of it is still to come, and which entry asked for it."""

    job: str
    told: str
    entry: int | None


class Runs(NamedTuple):
    """All of that.

    Attributes:
        running: the longest first; running_count: how many there are in all.
        waiting: the oldest first; waiting_count: likewise.
        notes: what holds up several: slots, locks.
        coming_back: backfills and catch-ups.
    """

    running: list[RunningRow]
    running_count: int
    waiting: list[WaitingRow]
    waiting_count: int
    notes: list[Cell]
    coming_back: list[ComingBack]


def runs_of(view: View, zone: str) -> Runs:
    """What runs and waits in a home; times in the words are those of `zone`."""
    live = list(view.state.runs.values())
    going = sorted((run for run in live if run.started is not None), key=_started)
    held = sorted((run for run in live if run.started is None), key=lambda run: (run.owed_at, run.number))
    awaiting = jobs_awaiting(view)
    waits = view.waiting_reasons
    rows = [
        WaitingRow(
            run.number,
            run.job,
            run.owed_at,
            waiting_words(view.state, run, waits.of(run.number), view.now, zone, beside=view.now),
            run.number if run.retry is None else run.retry.seq,
            trigger_words(run.trigger),
            run.cancel_seq is None,
        )
        for run in held[:WAITING_MAX]
    ]
    rows += [
        WaitingRow(None, job.name, since, awaited_words(job, zone, beside=view.now), _awaited_entry(job))
        for job, since in awaiting[: WAITING_MAX - len(rows)]
    ]
    return Runs(
        [_running(view.state.jobs.get(run.job), run) for run in going[:RUNNING_MAX]],
        len(going),
        rows,
        len(held) + len(awaiting),
        _notes(view),
        _coming_back(view, held),
    )


def _started(run: Run) -> datetime:
    assert run.started is not None, "it is going"
    return run.started


def _running(job: Job | None, run: Run) -> RunningRow:
    last = None if job is None or job.last is None or job.last.outcome != "succeeded" else job.last
    return RunningRow(
        run=run.number,
        job=run.job,
        trigger=trigger_words(run.trigger),
        since=_started(run),
        entry=run.number if run.started_seq is None else run.started_seq,
        attempt=run.attempt,
        node=run.node,
        last_ms=None if last is None else last.duration_ms,
        last_entry=None if last is None else last.seq,
        remarks=waited_words(run).strip(),
        cancel_entry=run.cancel_seq,
    )


def _awaited_entry(job: Job) -> int | None:
    """The newest success that came of those that a job waits for."""
    first: AwaitedInstant = job.awaited[0]
    return max(first.succeeded.values(), default=None)


def _notes(view: View) -> list[Cell]:
    told = [Cell(words, "warn") for words in lock_waits_words(view.lock_waits, view.state, view.now)]
    if (full := view.full_slots) is not None:
        told.insert(0, Cell(full_slots_words(full, view.now), "bad"))
    return told[:_JOBS_MAX]


def _coming_back(view: View, held: list[Run]) -> list[ComingBack]:
    rows = [ComingBack(name, backfill_words(each), each.seq) for name, each in backfills_going(view)]
    owed = Counter(run.job for run in held if run.trigger == "catch_up")
    first = {run.job: run.number for run in reversed(held) if run.trigger == "catch_up"}
    for name, count in sorted(owed.items()):
        runs = "1 run is" if count == 1 else f"{count:,} runs are"
        rows.append(ComingBack(name, f"{runs} to be caught up", first[name]))
    return rows[:_JOBS_MAX]

"""What failed and has not succeeded since, what is late, what waits for a second person, what comes next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from itertools import islice
from typing import TYPE_CHECKING, Final, NamedTuple

from cli.console.pages.jobs.pending_rows import PendingRow, pending_row
from cli.status.findings import late
from cli.words.approval_words import waiting_changes
from cli.words.late_words import late_sentence
from cli.words.words import outcome_symbol, outcome_words, timing_words
from scheduler.entry_members import FAILURES
from scheduler.rules.requests.upcoming import upcoming

if TYPE_CHECKING:
    from cli.console.asked import Asked
    from scheduler.ledger.view import View
    from scheduler.rules.state import Job
    from scheduler.wording.signs import Tone

ROWS_MAX: Final = 25
COMING_MAX: Final = 12


class FailedRow(NamedTuple):
    """A job whose last run did not succeed, and how that came out; `entry` says so, `success` the last success."""

    job: str
    run: int
    when: datetime
    tone: Tone
    symbol: str
    how: str
    entry: int | None
    success: int | None
    success_time: datetime | None


class ToldJob(NamedTuple):
    """A job, what is to be told of it, and which entry shows that."""

    job: str
    told: str
    entry: int | None


class ComingRow(NamedTuple):
    """A run that a schedule will ask for, by the definition that entry `entry` recorded."""

    job: str
    instant: datetime
    zone: str
    schedule: str
    entry: int


class Jobs(NamedTuple):
    """All of that, each bounded; `…_count` is how many there are in all."""

    failed: list[FailedRow]
    failed_count: int
    late: list[ToldJob]
    late_count: int
    approvals: list[PendingRow]
    approvals_count: int
    coming: list[ComingRow]
    enabled_count: int
    disabled_count: int


def jobs_of(asked: Asked, view: View, zone: str) -> Jobs:
    """What there is to tell of the jobs of a home, and what the visitor may do about what waits for approval.

    Args:
        asked: the request.
        view: the home.
        zone: for the times in the words.
    """
    jobs = view.state.present_jobs()
    failed = sorted((job for job in jobs if has_failed(job)), key=_ended, reverse=True)
    breaches, changes = late(view), waiting_changes(view.state)
    enabled = sum(job.on_schedule for job in jobs)
    return Jobs(
        failed=[_failed(job) for job in failed[:ROWS_MAX]],
        failed_count=len(failed),
        late=[
            ToldJob(each.job, late_sentence(each, zone, view.now), each.seq) for each in breaches[:ROWS_MAX]
        ],
        late_count=len(breaches),
        approvals=[pending_row(asked, view, name, change, zone) for name, change in changes[:ROWS_MAX]],
        approvals_count=len(changes),
        coming=_coming(jobs, view.now),
        enabled_count=enabled,
        disabled_count=len(jobs) - enabled,
    )


def has_failed(job: Job) -> bool:
    """Whether its last run failed, timed out or was lost."""
    return job.last is not None and job.last.outcome in FAILURES


def _ended(job: Job) -> datetime:
    assert job.last is not None, "it failed"
    return job.last.time


def _failed(job: Job) -> FailedRow:
    last = job.last
    assert last is not None, "it failed"
    assert last.outcome is not None, "it failed"
    tone, symbol = outcome_symbol(last.outcome, unicode=True)
    how = outcome_words(last.outcome, exit_code=last.exit_code, signal_number=last.signal, error=last.error)
    success = job.success
    return FailedRow(
        job.name,
        last.run,
        last.time,
        tone,
        symbol,
        how,
        last.seq,
        None if success is None else success.seq,
        None if success is None else success.time,
    )


def _coming(jobs: Sequence[Job], now: datetime) -> list[ComingRow]:
    return [
        ComingRow(
            run.job.name,
            run.instant,
            run.job.definition.timezone,
            timing_words(run.job.definition)[0],
            run.job.defined_seq,
        )
        for run in islice(upcoming(jobs, now), COMING_MAX)
    ]

"""Which runs are made again: those that a person names, or all that failed since a time."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime

from cli.app.failures import ExitCode, Failure
from cli.home.run_numbers import no_run
from cli.runs.search import CLOCK_SLACK
from cli.runs.settled_run import last_words
from cli.runs.wanted import FailedRun
from eventstore.store import Entry, EventStore
from scheduler import vocabulary as v
from scheduler.entry_members import FAILURES
from scheduler.ledger.run_record import RunRecord, run_record
from scheduler.rules.fold.upstreams import requested_instant
from scheduler.rules.runs.attempts import settles


def named_runs(store: EventStore | None, numbers: Iterable[int]) -> list[FailedRun]:
    """The runs of these numbers, oldest first; there are none without a ledger.

    Raises:
        Failure: one of them does not exist, has not ended, has succeeded or was never started.
        Corrupt: the ledger is damaged.
    """
    return [_failed(number, _record(store, number)) for number in sorted(set(numbers))]


def _options(record: RunRecord) -> list[str]:
    """The names of the options that a person gave a run by hand; their values are not on record."""
    cause = v.payload(record.cause)
    return cause.parameters if isinstance(cause, v.RunRequested) else []


def _record(store: EventStore | None, number: int) -> RunRecord:
    record = None if store is None else run_record(store, number)
    if record is None:
        raise no_run(store, number)
    return record


def _failed(number: int, record: RunRecord) -> FailedRun:
    job, end = record.cause.job or "", record.end
    if end is None:
        raise Failure(
            f"run {number} of {job} has not ended", "`cronledger jobs cancel` stops it.", ExitCode.FAILED
        )
    if end.type != v.RunFinished.TYPE:
        raise Failure(
            f"nothing of run {number} can be made again: {last_words(end)}",
            f"`cronledger jobs run {job}` runs the job.",
            ExitCode.FAILED,
        )
    if v.payload(end).outcome == "succeeded":
        raise Failure(
            last_words(end), f"`cronledger jobs run {job}` runs the job once more.", ExitCode.FAILED
        )
    if options := _options(record):
        raise Failure(
            f"run {number} of {job} was given options ({', '.join(options)}), of which only the names are on record",
            "Ask for it as it was asked for then.",
            ExitCode.FAILED,
        )
    instant = _instant(record.cause)
    return FailedRun(number, job, instant, v.payload(record.of_type(v.RunStarted)[-1]).params)


def _instant(cause: Entry) -> datetime | None:
    """For which instant a run was; of one whose dependents were to follow, the moment at which it was asked for."""
    data = v.payload(cause)
    if not isinstance(data, v.RunRequested):
        instant: datetime = data.scheduled_for
        return instant
    return data.original_scheduled_for or (requested_instant(cause.time) if data.with_dependents else None)


def failed_since(store: EventStore, since: datetime, jobs: Sequence[str] | None) -> list[FailedRun]:
    """The runs that failed at this time or later and that nobody has had made again, oldest first.

    Failed are those that failed, timed out or were lost. What was cancelled was not to run on, and what an unknown
    end left undone nobody knows: those are made again by their number. Left out are runs with options of their own,
    such as a dry run: nobody knows their values.

    Args:
        jobs: of these only; None: of all.

    Raises:
        Corrupt: the ledger is damaged.
    """
    failed: list[int] = []
    made_again: set[int | None] = set()
    skipped: set[int | None] = set()
    for entry in store.read_backwards():
        if entry.time < since - CLOCK_SLACK:
            break
        if entry.type == v.RunSkipped.TYPE:
            skipped.add(entry.run)
        elif entry.type == v.RunRequested.TYPE and entry.run not in skipped:
            made_again.add(v.payload(entry).retry_of)
        elif entry.type == v.RunFinished.TYPE and settles(entry) and entry.time >= since:
            wanted = jobs is None or entry.job in jobs
            if wanted and v.payload(entry).outcome in FAILURES and entry.run is not None:
                failed.append(entry.run)
    records = ((number, run_record(store, number)) for number in sorted(set(failed) - made_again))
    return [
        _failed(number, record) for number, record in records if record is not None and not _options(record)
    ]

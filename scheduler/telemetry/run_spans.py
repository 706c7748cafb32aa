"""The spans of a run, made of its entries when it has ended: one of the run, and one of each of its attempts.

They hold no command and no value of a parameter, and nothing that a run printed or said.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final, Literal, NamedTuple

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.rules.runs.attempts import settles
from scheduler.telemetry.trace_ids import RUN_SPAN, span_id, trace_id
from scheduler.wording.outcomes import OUTCOME_WORDINGS, outcome_words

Value = str | int
Status = Literal["unset", "ok", "error"]
SKIPPED: Final = "skipped"


class Span(NamedTuple):
    """One span.

    Attributes:
        trace_id, span_id, parent_id: 16 and 8 bytes; no parent: empty.
        links: runs that this one follows from.
        description: of an error.
    """

    trace_id: bytes
    span_id: bytes
    parent_id: bytes
    name: str
    start: datetime
    end: datetime
    attributes: dict[str, Value]
    status: Status = "unset"
    description: str = ""
    links: tuple[int, ...] = ()


def run_spans(ledger_id: str, entries: Sequence[Entry], upstream: Sequence[int] = ()) -> list[Span]:
    """The span of a run that has ended, then those of its attempts.

    Args:
        ledger_id: of the ledger.
        entries: of the run, oldest first; the first is what made it, the last what settled it.
        upstream: numbers of the runs whose success it followed.

    Raises:
        UnfitPayload: a payload is not what its type says.
    """
    cause, end = entries[0], entries[-1]
    run, job = cause.run or 0, cause.job or ""
    asked, ended = v.payload(cause), v.payload(end)
    attributes: dict[str, Value] = {
        "cronledger.ledger": ledger_id,
        "cronledger.job": job,
        "cronledger.run": run,
        "cronledger.trigger": "manual" if isinstance(asked, v.RunRequested) else asked.trigger,
        "cronledger.entry.first": cause.seq,
        "cronledger.entry.last": end.seq,
    }
    scheduled_for = asked.original_scheduled_for if isinstance(asked, v.RunRequested) else asked.scheduled_for
    if scheduled_for is not None:
        attributes["cronledger.scheduled_for"] = _written(scheduled_for)
    attempts = _attempt_spans(ledger_id, entries)
    attributes["cronledger.attempts"] = len(attempts)
    status, description = _status(ended)
    if isinstance(ended, v.RunSkipped):
        attributes["cronledger.outcome"] = SKIPPED
        attributes["cronledger.skip_reason"] = ended.reason
    else:
        attributes["cronledger.outcome"] = ended.outcome
    retried = asked.retry_of if isinstance(asked, v.RunRequested) else None
    links = dict.fromkeys(number for number in (retried, *upstream) if number is not None)
    whole = Span(
        trace_id(ledger_id, run),
        span_id(ledger_id, run, RUN_SPAN),
        b"",
        job,
        _begin(cause),
        end.time,
        attributes,
        status,
        description,
        tuple(links),
    )
    return [whole, *attempts]


def upstream_entries(entries: Sequence[Entry]) -> list[int]:
    """The `seq` of the entries that say which runs succeeded before this one.

    Raises:
        UnfitPayload: see `run_spans`.
    """
    found: dict[int, None] = {}
    for entry in entries:
        data = v.payload(entry)
        if isinstance(data, v.ScheduleTicked | v.RunRequested | v.RunStarted):
            found.update(dict.fromkeys(data.successes))
    return list(found)


def _attempt_spans(ledger_id: str, entries: Sequence[Entry]) -> list[Span]:
    spans = []
    started: dict[int, Entry] = {}
    for entry in entries:
        data = v.payload(entry)
        if isinstance(data, v.RunStarted):
            started[data.attempt] = entry
        elif isinstance(data, v.RunFinished) and data.closes is None and data.attempt in started:
            spans.append(_attempt_span(ledger_id, started.pop(data.attempt), entry, data))
    return spans


def _attempt_span(ledger_id: str, begun: Entry, entry: Entry, ended: v.RunFinished) -> Span:
    run, job = begun.run or 0, begun.job or ""
    start = v.payload(begun)
    attributes: dict[str, Value] = {
        "cronledger.ledger": ledger_id,
        "cronledger.job": job,
        "cronledger.run": run,
        "cronledger.attempt": ended.attempt,
        "cronledger.trigger": ended.trigger,
        "cronledger.outcome": ended.outcome,
        "cronledger.entry.first": begun.seq,
        "cronledger.entry.last": entry.seq,
        "host.name": start.host,
    }
    if ended.exit_code is not None:
        attributes["process.exit.code"] = ended.exit_code
    if ended.signal is not None:
        attributes["cronledger.signal"] = ended.signal
    status, description = _status(ended)
    return Span(
        trace_id(ledger_id, run),
        span_id(ledger_id, run, ended.attempt),
        span_id(ledger_id, run, RUN_SPAN),
        f"{job} attempt {ended.attempt}",
        begun.time,
        max(begun.time, entry.time),
        attributes,
        status,
        description,
    )


def _begin(cause: Entry) -> datetime:
    """When a run was due, or asked for; one that was caught up or filled in later begins when that was decided."""
    data = v.payload(cause)
    if isinstance(data, v.ScheduleTicked) and data.trigger == "schedule":
        return min(data.scheduled_for, cause.time)
    return cause.time


def _status(ended: v.RunFinished | v.RunSkipped) -> tuple[Status, str]:
    if isinstance(ended, v.RunSkipped):
        return "unset", ""
    if ended.outcome == "succeeded":
        return "ok", ""
    if OUTCOME_WORDINGS[ended.outcome].level == "error":
        return "error", outcome_words(ended.outcome, exit_code=ended.exit_code, signal_number=ended.signal)
    return "unset", ""


def _written(moment: datetime) -> str:
    return moment.isoformat().replace("+00:00", "Z")


def is_end(entry: Entry) -> bool:
    """Whether the entry settles a run: its spans are made then.

    Raises:
        UnfitPayload: see `run_spans`.
    """
    return entry.run is not None and settles(entry)

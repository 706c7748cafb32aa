"""Log records of entries: level and message are those that `cronledger logs` has."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from msgspec import structs

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.telemetry.run_spans import Value
from scheduler.telemetry.trace_ids import RUN_SPAN, span_id, trace_id
from scheduler.wording.entries import message
from scheduler.wording.signs import Level


class EntryLog(NamedTuple):
    """One record.

    Attributes:
        trace_id, span_id: of the run that the entry is about, or of its attempt; empty if it is about none.
    """

    time: datetime
    level: Level
    text: str
    attributes: dict[str, Value]
    trace_id: bytes = b""
    span_id: bytes = b""


def entry_log(ledger_id: str, entry: Entry) -> EntryLog:
    """The record of an entry; values of parameters are not in it.

    Raises:
        UnfitPayload: the payload is not what its type says.
    """
    data = v.payload(entry)
    if isinstance(data, v.RunRequested | v.RunStarted):
        data = structs.replace(data, params={})
    level, text = message(entry, data)
    attributes: dict[str, Value] = {
        "cronledger.ledger": ledger_id,
        "cronledger.entry": entry.seq,
        "cronledger.type": entry.type,
    }
    if entry.job:
        attributes["cronledger.job"] = entry.job
    if entry.run is None:
        return EntryLog(entry.time, level, text, attributes)
    attributes["cronledger.run"] = entry.run
    attempt = data.attempt if isinstance(data, v.RunStarted | v.RunFinished | v.RunAdopted) else RUN_SPAN
    return EntryLog(
        entry.time,
        level,
        text,
        attributes,
        trace_id(ledger_id, entry.run),
        span_id(ledger_id, entry.run, attempt),
    )

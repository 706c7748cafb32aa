"""The ledger's entries as log entries: the scheduler's own messages.

The message of every run that failed begins with `job failed: `, so that a search for "job failed" finds failed
jobs.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.logs.collection.secret_masking import Masker
from scheduler.logs.storage.checkpoint import OutputPosition
from scheduler.logs.storage.entry import LogEntry, time_text
from scheduler.wording.entries import message
from scheduler.wording.outcomes import FAILED

_MESSAGE_CHARACTERS_MAX: Final = 4_000


def fact_of(entry: Entry, masker: Masker) -> LogEntry:
    """What an entry of the ledger says, as a log entry; also of a type that this version does not know."""
    fields: dict[str, Any] = {"seq": entry.seq, "type": entry.type}
    try:
        data = v.payload(entry)
    except msgspec.MsgspecError:
        # An entry of a later version: the message is its type.
        data = None
    if isinstance(data, v.RunFinished):
        members = ("outcome", "exit_code", "signal", "duration_ms")
        fields |= {name: value for name in members if (value := getattr(data, name)) is not None}
    level, text = message(entry, data)
    if entry.actor != v.SCHEDULER:
        fields["actor"] = entry.actor
    return LogEntry(
        time=time_text(entry.time), level=level, job=entry.job, run=entry.run,
        attempt=getattr(data, "attempt", None),
        stream="scheduler", message=masker.text(_one_line(text)), fields=fields,
    )  # fmt: skip


def _one_line(text: str) -> str:
    text = " ".join(text.split("\n")).replace("\0", "\\x00")
    return text if len(text) <= _MESSAGE_CHARACTERS_MAX else f"{text[:_MESSAGE_CHARACTERS_MAX]}…"


def missing_output(time: str, output: OutputPosition, missing_bytes: int, *, unreadable: bool) -> LogEntry:
    """The note that captured output was deleted or cut, or cannot be read, before it could be collected."""
    why = "cannot be read" if unreadable else "were deleted before they could be collected"
    message = f"output lost: {missing_bytes} bytes of {output.stream} {why}"
    return _note(time, output, message, {"missing_bytes": missing_bytes, "missing_stream": output.stream})


def from_here_on(time: str, output: OutputPosition) -> LogEntry:
    """The note that what a stream says from here on does not become entries, since there are so many already."""
    message = (
        f"output left out: after {output.lines:,} lines, what follows on {output.stream} is in the "
        f"captured output alone (cronledger logs show {output.run})"
    )
    return _note(time, output, message, {"lines": output.lines, "full_stream": output.stream})


def _note(time: str, output: OutputPosition, message: str, fields: dict[str, Any]) -> LogEntry:
    """A warning of ours about a stream of an attempt."""
    return LogEntry(
        time=time, level="warning", job=output.job, run=output.run, attempt=output.attempt, stream="scheduler",
        message=message, fields=fields,
    )  # fmt: skip


__all__ = ["FAILED", "fact_of", "from_here_on", "missing_output"]

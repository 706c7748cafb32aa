"""Entries as server-sent events: a few members each, bounded, encoded once for all who look."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from cli.words.entry_lines import sentence
from scheduler.wording.entries import signs_of

if TYPE_CHECKING:
    from eventstore.store import Entry

HEARTBEAT: Final = b": still here\n\n"
"""A comment: it keeps the connection, and shows the sender when nobody is at the other end any more."""

TOLD_SINGLY_MAX: Final = 100
"""More entries than this at once are told as one event with their count."""

_CHARS_MAX: Final = 300


def events_of(entries: Sequence[Entry], zone: str) -> bytes:
    """What is sent for entries that follow one another.

    Args:
        entries: at least one.
        zone: IANA name of the zone in which sentences show times.
    """
    if len(entries) > TOLD_SINGLY_MAX:
        return event("entries", entries[-1].seq, {"seq": entries[-1].seq, "count": len(entries)})
    return b"".join(_told(entry, zone) for entry in entries)


def event(kind: str, seq: int | None, data: dict[str, object]) -> bytes:
    """One event; `seq` becomes its id, where there is one."""
    # JSON has no raw line ends, and in ASCII nothing else that ends a line of the stream.
    named = "" if seq is None else f"id: {seq}\n"
    return f"{named}event: {kind}\ndata: {json.dumps(data, separators=(',', ':'))}\n\n".encode("ascii")


def _told(entry: Entry, zone: str) -> bytes:
    data: dict[str, object] = {"seq": entry.seq, "type": entry.type[:_CHARS_MAX]}
    if entry.job is not None:
        data["job"] = entry.job[:_CHARS_MAX]
    if entry.run is not None:
        data["run"] = entry.run
    data["tone"] = signs_of(entry).tone
    data["sentence"] = sentence(entry, zone)[:_CHARS_MAX]
    return event("entry", entry.seq, data)

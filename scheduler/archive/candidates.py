"""Which segments may be archived: sealed ones, old enough, to which nothing refers that is open."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Literal, NamedTuple

from eventstore.archive.local_segment import is_one_subtree, last_time
from eventstore.segment import seal_name, segment_name
from scheduler.archive.errors import UnfitSegments
from scheduler.ledger.ledger import Ledger
from scheduler.rules.evidence.open_entries import oldest_open_entry

HeldBack = Literal["newest", "unsealed", "recent", "open"]
"""Why a segment stays: it is the last sealed one or the active one, has no seal yet, ends too late, or is needed."""


class Candidates(NamedTuple):
    """What may be archived.

    Attributes:
        begin: the entry behind what is archived already.
        firsts: the segments from there on that may be archived, by their first entries.
        older: archived segments before them whose files may be removed: they are beside the ledger still.
        bytes: how long the segments of `firsts` are together.
        held_at: the first entry of the first segment that stays.
        held_back: why it does.
        held_until: the time of its last entry, if it ends too late.
        open_entry: the entry of it or before it that something open refers to.
    """

    begin: int
    firsts: list[int]
    older: list[int]
    bytes: int
    held_at: int
    held_back: HeldBack
    held_until: datetime | None = None
    open_entry: int | None = None


def candidates(ledger: Ledger, before: datetime) -> Candidates:
    """What may be archived of a ledger.

    Args:
        ledger: the ledger, with its state.
        before: a segment may be archived if its last entry is older than this.

    Raises:
        UnfitSegments: its segments cannot be archived.
        Corrupt: a segment does not end with an entry.
        OSError: a segment cannot be read.
    """
    files = ledger.store.files
    assert files is not None, "a ledger that is archived is kept in files"
    folder, count = files.folder, files.segment_entries
    if not is_one_subtree(count):
        raise UnfitSegments(count)
    archived = 0 if ledger.state.archive is None else ledger.state.archive.entries
    begin = archived - archived % count
    oldest = oldest_open_entry(ledger.state)
    # The last full one stays: what is read most often is read without decompressing.
    newest = (ledger.state.head.seq + 1) // count * count - count
    older = [
        first
        for first in range(count, begin, count)
        if os.path.lexists(folder / segment_name(first))
        and (oldest is None or oldest >= first + count)
        and last_time(folder, first) < before
    ]
    found = Candidates(begin, [], older, 0, max(begin, newest, 0), "newest")
    for first in range(begin, max(begin, newest), count):
        held = _held_back(folder, first, count, before, oldest)
        if held is not None:
            return found._replace(
                held_at=first, held_back=held.why, held_until=held.until, open_entry=held.open_entry
            )
        found.firsts.append(first)
        found = found._replace(bytes=found.bytes + os.stat(folder / segment_name(first)).st_size)
    return found


class _Held(NamedTuple):
    """Why a segment stays, and what shows it."""

    why: HeldBack
    until: datetime | None = None
    open_entry: int | None = None


def _held_back(folder: Path, first: int, count: int, before: datetime, oldest: int | None) -> _Held | None:
    """Why a segment stays; None if it may be archived."""
    if not os.path.lexists(folder / seal_name(first)):
        return _Held("unsealed")
    if oldest is not None and oldest < first + count:
        return _Held("open", open_entry=oldest)
    until = last_time(folder, first)
    return _Held("recent", until) if until >= before else None

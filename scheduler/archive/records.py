"""What is recorded of a volume: `ledger.archived`, at most 100 segments an entry."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal, NamedTuple

from eventstore.archive.manifest import ReadManifest, SegmentRecord
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.archive.errors import UnknownEntry
from scheduler.entry_members import ArchivedSegment, Claims
from scheduler.ledger.ledger import Ledger

_SEGMENTS_MAX = 100
"""So many take 20 kB of the 64 that an entry may have."""


class Archivist(NamedTuple):
    """Who archives: the actor, and what is said about them."""

    actor: str
    claims: Claims | None


def record_archived(
    ledger: Ledger,
    read: ReadManifest,
    place: Path,
    segments: Sequence[SegmentRecord],
    local: Literal["kept", "removed"],
    archivist: Archivist,
) -> dict[int, int]:
    """Record that segments are in a volume, which was verified just before.

    Returns:
        The entry that speaks of each segment, by the segment's first entry.

    Raises:
        Unavailable, Poisoned, Corrupt: the ledger cannot be written.
    """
    told: dict[int, int] = {}
    for at in range(0, len(segments), _SEGMENTS_MAX):
        some = segments[at : at + _SEGMENTS_MAX]
        event = _event(read, place, some, local, archivist)
        (entry,) = ledger.decide(lambda _, event=event: [event])  # type: ignore[misc]
        told |= dict.fromkeys((segment.first for segment in some), entry.seq)
    return told


def _event(
    read: ReadManifest,
    place: Path,
    segments: Sequence[SegmentRecord],
    local: Literal["kept", "removed"],
    archivist: Archivist,
) -> Event:
    first, last = segments[0].first, segments[-1].first + segments[-1].count - 1
    payload = v.LedgerArchived(
        manifest=read.sha256,
        place=str(place),
        first=first,
        last=last,
        count=last - first + 1,
        bytes=sum(segment.bytes for segment in segments),
        segments=[
            ArchivedSegment(first=segment.first, sha256=segment.sha256, root=segment.root)
            for segment in segments
        ],
        local=local,
        claims=archivist.claims,
    )
    return v.event(payload, archivist.actor)


def record_again(ledger: Ledger, seq: int, archivist: Archivist) -> int:
    """Record once more what an entry says of a volume, because the segment with that entry is to leave too.

    Returns:
        The new entry.

    Raises:
        UnknownEntry: there is no such entry, or it speaks of no archive.
        Unavailable, Poisoned, Corrupt, Archived: the ledger cannot be read or written.
    """
    found = list(ledger.store.read(seq, seq)) if seq <= ledger.state.head.seq else []
    said = v.payload(found[0]) if found else None
    if not isinstance(said, v.LedgerArchived):
        raise UnknownEntry(seq)
    payload = v.LedgerArchived(
        **{name: getattr(said, name) for name in said.__struct_fields__ if name not in ("claims", "repeats")},
        claims=archivist.claims,
        repeats=seq,
    )
    (new,) = ledger.decide(lambda _: [v.event(payload, archivist.actor)])
    return new.seq

"""What a ledger's folder says of the segments that are archived, and whether each missing one is one of them."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from eventstore.archive.marker import Marker, read_marker
from eventstore.entry import LINE_BYTES_MAX
from eventstore.errors import Corrupt
from eventstore.seal import Seal, read_seal, sound_seal
from eventstore.segment import SegmentNames, list_names, marker_name, seal_name, segment_name


class ArchivedSegment(NamedTuple):
    """A segment that is not in the ledger's folder: what is known of it there."""

    seal: Seal
    marker: Marker


def check_archived(
    folder: Path, found: SegmentNames, segment_entries: int, *, whole: bool = True
) -> dict[int, ArchivedSegment]:
    """Check that each segment that is not in the folder is one that was archived.

    The first segment and the last one are always in the folder. An archived one has a seal and a marker that agree,
    and its marker names the last entry of the segment before.

    Args:
        folder: the ledger.
        found: its segments.
        segment_entries: how many entries a segment holds.
        whole: whether these are all segments, and not only those before a damage.

    Returns:
        What is known of the archived ones, by their first entries.

    Raises:
        Corrupt: a segment is missing, or its seal and its marker are not as they were written.
        OSError: the folder cannot be read.
    """
    known: dict[int, ArchivedSegment] = {}
    if not found.archived:
        return known
    last = found.firsts[-1]
    if whole and last == found.archived[-1]:
        raise Corrupt(
            folder / segment_name(last), 0, last, "the last segment, which is never moved", "no such file"
        )
    before: Seal | None = None
    for first in found.archived:
        archived = archived_segment(folder, first)
        if archived is None:
            raise Corrupt(folder / segment_name(first), 0, first, "this segment", "no such file")
        if archived.seal.count != segment_entries:
            found_count = f"{archived.seal.count} entries"
            raise Corrupt(folder / seal_name(first), 0, first, f"{segment_entries} entries", found_count)
        if before is None or before.first + before.count != first:
            before = sound_seal(folder, first - segment_entries)
        if before is not None and before.last != archived.marker.prev:
            wanted = f"prev {before.last} (last hash in the seal of the segment before)"
            raise Corrupt(folder / marker_name(first), 0, first, wanted, f"prev {archived.marker.prev}")
        known[first], before = archived, archived.seal
    return known


def archived_segment(folder: Path, first: int) -> ArchivedSegment | None:
    """What is known of an archived segment; None if it has no marker. Whether it is in the folder is not looked at.

    Raises:
        Corrupt: its seal or its marker is not as it was written, or they contradict each other.
        OSError: they cannot be read.
    """
    path = folder / marker_name(first)
    if not os.path.lexists(path):
        return None
    try:
        marker = read_marker(folder, first)
    except ValueError as error:
        raise Corrupt(path, 0, first, "the marker of an archived segment", str(error)) from None
    if marker is None:
        return None
    seal = sound_seal(folder, first)
    if seal is None:
        raise Corrupt(folder / segment_name(first), 0, first, "this segment, or its seal", "no such file")
    if not 0 < seal.bytes <= seal.count * LINE_BYTES_MAX:
        # So much is decompressed at most, before the digest shows what it is.
        wanted = f"at most {LINE_BYTES_MAX:,} bytes an entry"
        raise Corrupt(folder / seal_name(first), 0, first, wanted, f"{seal.bytes:,} bytes")
    there = (marker.first, marker.count)
    if there != (first, seal.count) or seal.first != first:
        wanted = f"{seal.count} entries from {first} on (of its seal)"
        raise Corrupt(path, 0, first, wanted, f"{marker.count} entries from {marker.first} on")
    return ArchivedSegment(seal, marker)


def moved_segment(folder: Path, first: int) -> ArchivedSegment | None:
    """What is known of a segment that is not in the folder because it is archived; None of any other.

    Raises:
        Corrupt, OSError: see `archived_segment`.
    """
    # The first one is never moved, and beside its segment a marker counts for nothing.
    if first == 0 or (folder / segment_name(first)).exists():
        return None
    return archived_segment(folder, first)


def archived_bytes(folder: Path) -> int:
    """How long the archived segments are together, as far as their seals can be read.

    Raises:
        OSError: the folder cannot be read.
    """
    total_bytes = 0
    for first in list_names(folder).archived:
        with suppress(ValueError):
            seal = read_seal(folder, first)
            total_bytes += 0 if seal is None else seal.bytes
    return total_bytes

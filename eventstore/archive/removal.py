"""Removing local segments that a verified volume holds: markers first, then the files.

The order is what a crash at any point leaves in order:

1. `ledger.archived` is durable: it holds the digest and the root of each segment.
2. A marker is written beside each seal, and flushed. As long as the segment is there, it counts, not the marker.
3. The segments are unlinked under the ledger's lock, so that whoever opens the ledger sees all of this or nothing.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from hashlib import file_digest
from pathlib import Path

from eventstore.archive.errors import BadVolume
from eventstore.archive.local_segment import seal_of
from eventstore.archive.manifest import ReadManifest, SegmentRecord
from eventstore.archive.marker import Marker, read_marker, write_marker
from eventstore.durable import Disk, sync_folder
from eventstore.errors import Corrupt
from eventstore.lock import LOCK_NAME, locked
from eventstore.regular_file import open_regular
from eventstore.segment import first_of, list_names, marker_name, segment_name


def check_against_ledger(
    ledger: Path, volume: Path, segments: Sequence[SegmentRecord], roots: Mapping[int, bytes]
) -> None:
    """Check that a volume, which fits together in itself, holds what this ledger holds.

    Args:
        ledger: the folder of the ledger.
        volume: the folder of the volume.
        segments: what it says.
        roots: by the ledger's own tree, the root over each segment, by its first entry.

    Raises:
        BadVolume: it holds other entries.
        Corrupt: a local segment is not what its seal says.
        OSError: a segment cannot be read.
    """
    for segment in segments:
        if seal_of(ledger, segment.first) != segment.seal:
            raise BadVolume(
                volume, f"its segment from entry {segment.first} on is not what the ledger's seal says"
            )
        if roots[segment.first].hex() != segment.root:
            raise BadVolume(
                volume, f"its segment from entry {segment.first} on does not fit to the ledger's tree"
            )
        if os.path.lexists(ledger / segment_name(segment.first)):
            check_local(ledger, segment)


def check_local(ledger: Path, segment: SegmentRecord) -> None:
    """Check that a segment beside the ledger is the one that a volume holds.

    Raises:
        Corrupt: it is not.
        OSError: it cannot be read.
    """
    path = ledger / segment_name(segment.first)
    with open(open_regular(path), "rb") as file:
        digest = file_digest(file, "sha256").hexdigest()
    if digest != segment.sha256:
        raise Corrupt(path, 0, segment.first, f"sha256 {segment.sha256}", f"sha256 {digest}")


def remove_local(
    disk: Disk,
    ledger: Path,
    volume: Path,
    read: ReadManifest,
    segments: Sequence[SegmentRecord],
    entries: Mapping[int, int],
) -> int:
    """Remove the local files of segments: steps 2 and 3. That of entry 0 stays.

    Args:
        disk: the system calls.
        ledger: the folder of the ledger.
        volume: the folder of the volume, whose markers hold its path.
        read: its manifest.
        segments: those to be removed.
        entries: the `ledger.archived` that speaks of each, by its first entry.

    Returns:
        How many bytes were removed.

    Raises:
        ValueError: the path of the volume is one that no marker can hold.
        LockHeld: another process holds the ledger's lock, and goes on doing so.
        OSError: a file cannot be written or removed.
    """
    going = [segment for segment in segments if segment.first]
    for segment in going:
        marker = Marker(
            first=segment.first,
            count=segment.count,
            prev=segment.prev,
            root=segment.root,
            manifest=read.sha256,
            folder=str(volume),
            entry=entries[segment.first],
        )
        write_marker(disk, ledger, marker)
    removed_bytes = 0
    with locked(ledger / LOCK_NAME, disk):
        for segment in going:
            path = ledger / segment_name(segment.first)
            if os.path.lexists(path):
                disk.unlink(path)
                removed_bytes += segment.bytes
        sync_folder(disk, ledger)
    return removed_bytes


def markers_that_name(ledger: Path, segments: Sequence[int], segment_entries: int) -> list[Marker]:
    """The markers whose `ledger.archived` stands in one of these segments, given by their first entries.

    Raises:
        BadVolume: a marker cannot be read.
        OSError: the folder cannot be listed.
    """
    wanted, found = set(segments), []
    for first in list_names(ledger).markers:
        marker = marker_of(ledger, first)
        if marker is not None and first_of(marker.entry, segment_entries) in wanted:
            found.append(marker)
    return found


def marker_of(ledger: Path, first: int) -> Marker | None:
    """The marker of a segment; None if it has none.

    Raises:
        BadVolume: it cannot be understood.
        OSError: it cannot be read.
    """
    try:
        return read_marker(ledger, first)
    except ValueError as problem:
        raise BadVolume(ledger / marker_name(first), str(problem)) from None

"""Volumes that are in another place now: markers name it, or the segments come back beside the ledger."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Sequence
from pathlib import Path

from msgspec import structs

from eventstore.archive.errors import BadVolume
from eventstore.archive.local_segment import seal_of
from eventstore.archive.manifest import ReadManifest, SegmentRecord
from eventstore.archive.marker import Marker, write_marker
from eventstore.archive.removal import check_local, marker_of
from eventstore.archive.volume_check import segment_in
from eventstore.durable import Disk, close_quietly, sync_folder, write_all
from eventstore.lock import LOCK_NAME, locked
from eventstore.segment import list_names, marker_name, segment_name

_COPY_BYTES = 1024 * 1024


def markers_of(ledger: Path, volume: Path, read: ReadManifest) -> list[tuple[Marker, SegmentRecord]]:
    """The markers beside the ledger that speak of a volume, each with what the volume says of its segment.

    Raises:
        BadVolume: a marker cannot be read, or the volume holds other entries than it and the seal say.
        OSError: the folder cannot be listed.
    """
    records = {segment.first: segment for segment in read.manifest.segments}
    found = []
    for first in list_names(ledger).markers:
        marker = marker_of(ledger, first)
        record = records.get(first)
        if marker is None or record is None or marker.manifest != read.sha256:
            continue
        if seal_of(ledger, first) != record.seal or (marker.prev, marker.root) != (record.prev, record.root):
            raise BadVolume(
                volume, f"its segment from entry {first} on is not what the ledger's seal and marker say"
            )
        found.append((marker, record))
    return found


def point_to(disk: Disk, ledger: Path, volume: Path, markers: Sequence[Marker]) -> int:
    """Have markers name the folder of a volume that was checked.

    Returns:
        How many named another one before.

    Raises:
        ValueError: the path of the volume is one that no marker can hold.
        OSError: a marker cannot be written.
    """
    moved = [marker for marker in markers if marker.folder != str(volume)]
    for marker in moved:
        write_marker(disk, ledger, structs.replace(marker, folder=str(volume)))
    return len(moved)


def bring_back(disk: Disk, ledger: Path, volume: Path, record: SegmentRecord) -> bool:
    """Put a segment back beside the ledger, if it is not there, and remove its marker.

    After a crash there is the marker, or the segment, or both: then the segment counts, and must be sound.

    Returns:
        Whether it was put there.

    Raises:
        BadVolume: the volume does not hold what the seal speaks of.
        Corrupt: what is there is another segment.
        LockHeld: another process holds the ledger's lock, and goes on doing so.
        OSError: it cannot be written.
    """
    path = ledger / segment_name(record.first)
    beside = ledger / f".{path.name}.restored"
    is_missing = not os.path.lexists(path)
    if is_missing:
        _decompress(disk, volume, record, beside)
    else:
        check_local(ledger, record)
    with locked(ledger / LOCK_NAME, disk):
        if is_missing:
            disk.rename(beside, path)
            sync_folder(disk, ledger)
        with contextlib.suppress(FileNotFoundError):
            disk.unlink(ledger / marker_name(record.first))
        sync_folder(disk, ledger)
    return is_missing


def _decompress(disk: Disk, volume: Path, record: SegmentRecord, target: Path) -> None:
    """Write a segment under another name, flushed; what a crash left under that name is replaced."""
    source = segment_in(volume, record)
    try:
        with contextlib.suppress(FileNotFoundError):
            disk.unlink(target)
        fd = disk.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            offset = 0
            while chunk := os.pread(source, _COPY_BYTES, offset):
                write_all(disk, fd, chunk, offset)
                offset += len(chunk)
            disk.fdatasync(fd)
        finally:
            close_quietly(fd)
    except OSError as problem:
        with contextlib.suppress(OSError):
            disk.unlink(target)
        if problem.filename is None:
            problem.filename = str(target)
        raise
    finally:
        os.close(source)

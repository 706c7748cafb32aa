"""The check of a whole volume: every file against the manifest, every segment decompressed and looked into.

What a volume says of itself shows only that it fits together. Whether it is what the ledger had is for the caller to
compare: by the seals, the entries that speak of it, and the tree.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from hashlib import file_digest
from pathlib import Path

from eventstore.archive.compressed_segment import NotTheSegment, compressed_name, decompressed
from eventstore.archive.errors import BadVolume
from eventstore.archive.local_segment import seal_of
from eventstore.archive.manifest import (
    CHECKPOINT_NAME,
    SUMS_NAME,
    FileRecord,
    Manifest,
    ReadManifest,
    SegmentRecord,
    read_manifest,
)
from eventstore.archive.signed_segments import contradiction
from eventstore.entry import seq_of, tail_of
from eventstore.proofs.merkle_tree import HASH_BYTES, joined_root, leaf_hashes
from eventstore.proofs.notes.note import NOTE_BYTES_MAX
from eventstore.regular_file import NotRegular, open_regular, read_regular, regular_status
from eventstore.segment import line_blocks

Progress = Callable[[int, int], None]
"""Called from time to time with how many bytes of segments have been looked into, and how many there are."""


def check_volume(folder: Path, ledger: str, progress: Progress | None = None) -> ReadManifest:
    """Check a volume as a whole.

    Args:
        folder: of the volume.
        ledger: the identity of the ledger that it must be of.
        progress: called as it proceeds.

    Raises:
        BadVolume: it is damaged, is none, or is one of another ledger.
        OSError: a file cannot be read, or there is no memory for a segment.
    """
    read = manifest_of_volume(folder)
    manifest = read.manifest
    if manifest.ledger != ledger:
        raise BadVolume(folder, f"it is one of ledger {manifest.ledger}, and this ledger is {ledger}")
    _check_sums(folder, read)
    for file in manifest.all_files:
        _check_file(folder, file)
    _check_checkpoint(folder, manifest)
    done_bytes = 0
    for segment in manifest.segments:
        check_segment_file(folder, segment)
        done_bytes += segment.bytes
        if progress is not None:
            progress(done_bytes, manifest.segments_bytes)
    return read


def manifest_of_volume(folder: Path) -> ReadManifest:
    """The manifest of a folder that is to be a volume; see `read_manifest`.

    Raises:
        BadVolume: there is none, or it is not what an archiving writes.
        OSError: it cannot be read.
    """
    try:
        return read_manifest(folder)
    except FileNotFoundError:
        raise BadVolume(folder, "it holds no manifest.json, so it is no volume") from None


def check_is_there(folder: Path, read: ReadManifest) -> None:
    """Check that a volume that was checked before is still there, by its manifest and the lengths of its files.

    Raises:
        BadVolume: it is not, or is another one.
        OSError: it cannot be looked at.
    """
    try:
        there = read_manifest(folder).sha256 == read.sha256
        statuses = [(file, regular_status(folder / file.path)) for file in read.manifest.all_files]
    except (FileNotFoundError, NotADirectoryError):
        raise BadVolume(folder, "it was there a moment ago, and is not any more") from None
    if not there or any(status is None or status.st_size != file.bytes for file, status in statuses):
        raise BadVolume(folder, "it is not what it was a moment ago")


def check_segment_file(folder: Path, segment: SegmentRecord) -> None:
    """Check that the file of a segment in a volume holds what the manifest says, line by line.

    Raises:
        BadVolume: it does not.
        OSError: it cannot be read, or there is no memory for it.
    """
    if seal_of(folder, segment.first) != segment.seal:
        raise BadVolume(folder, f"the seal of its segment {segment.first} is not what the manifest says")
    fd = segment_in(folder, segment)
    try:
        _check_lines(folder / compressed_name(segment.first), fd, segment)
    finally:
        os.close(fd)


def segment_in(folder: Path, segment: SegmentRecord) -> int:
    """A descriptor of a segment out of a volume, as `decompressed` gives it.

    Raises:
        BadVolume: the volume does not hold what the manifest says.
        OSError: it cannot be read, or there is no memory for it.
    """
    path = folder / compressed_name(segment.first)
    try:
        return decompressed(path, segment.seal)
    except NotTheSegment as problem:
        raise BadVolume(path, str(problem)) from None


def _check_lines(path: Path, fd: int, segment: SegmentRecord) -> None:
    """Check the ends of the chain, and the root of the tree over the lines."""
    hashes, last, prev = bytearray(), b"", None
    for block in line_blocks(fd, 0, segment.bytes):
        if not block.whole:
            raise BadVolume(path, "its last line does not end")
        lines = block.raw.split(b"\n")
        lines.pop()
        if prev is None:
            opening = tail_of(lines[0])
            prev = opening.prev if opening is not None else ""
            if seq_of(lines[0]) != segment.first or prev != segment.prev:
                raise BadVolume(path, f"its first line is not entry {segment.first} behind {segment.prev}")
        hashes += leaf_hashes(lines)
        last = lines[-1]
    ending = tail_of(last)
    if ending is None or ending.hash != segment.last or ending.seq != segment.first + segment.count - 1:
        raise BadVolume(path, "its last line is not the entry that the manifest says")
    if len(hashes) != HASH_BYTES * segment.count or joined_root(bytes(hashes)).hex() != segment.root:
        raise BadVolume(path, "its lines have another root than the manifest says")


def _check_sums(folder: Path, read: ReadManifest) -> None:
    path, wanted = folder / SUMS_NAME, read.manifest.sums(read.sha256)
    try:
        found = read_regular(path, len(wanted))
    except FileNotFoundError:
        raise BadVolume(path, "there is no such file") from None
    except OSError as problem:
        raise BadVolume(path, problem.strerror or str(problem)) from None
    if found != wanted:
        raise BadVolume(path, "it is not what the manifest says")


def _check_checkpoint(folder: Path, manifest: Manifest) -> None:
    path = folder / CHECKPOINT_NAME
    named = next((file for file in manifest.files if file.path == CHECKPOINT_NAME), None)
    if (named is None) != (manifest.checkpoint_size is None):
        raise BadVolume(folder, "its manifest does not say whether it has a checkpoint")
    if named is None:
        return
    if named.bytes > NOTE_BYTES_MAX:
        raise BadVolume(path, "it is too long to be a checkpoint")
    if why := contradiction(manifest, read_regular(path, NOTE_BYTES_MAX)):
        raise BadVolume(path, why)


def _check_file(folder: Path, file: FileRecord) -> None:
    path = folder / file.path
    try:
        with open(open_regular(path), "rb") as opened:
            found_bytes = os.fstat(opened.fileno()).st_size
            # What is longer may be very much longer, and is wrong without being read.
            digest = file_digest(opened, "sha256").hexdigest() if found_bytes == file.bytes else ""
    except (FileNotFoundError, NotADirectoryError):
        raise BadVolume(path, "there is no such file") from None
    except NotRegular as problem:
        raise BadVolume(path, problem.strerror or str(problem)) from None
    if found_bytes != file.bytes:
        raise BadVolume(path, f"it is {found_bytes:,} bytes long, and the manifest says {file.bytes:,}")
    if digest != file.sha256:
        raise BadVolume(path, "its digest is not what the manifest says")

"""Writing a volume: under another name beside its place, flushed as a whole, and renamed last.

So a folder that has the name of a volume is a whole one, after a crash at any point. What a crash leaves has the name
`.<volume>.writing`; it is emptied and begun anew. Whoever writes there holds a lock on that folder.
"""

from __future__ import annotations

import errno
import fcntl
import os
import shutil
import stat
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from hashlib import file_digest, sha256
from pathlib import Path
from typing import NamedTuple

from eventstore.archive.compressed_segment import NotTheSegment, compress, compressed_name
from eventstore.archive.errors import BadVolume
from eventstore.archive.local_segment import checked_segment, first_and_last_time
from eventstore.archive.manifest import (
    CHECKPOINT_NAME,
    MANIFEST_NAME,
    SUMS_NAME,
    FileRecord,
    Manifest,
    SegmentRecord,
    volume_name,
)
from eventstore.archive.signed_segments import CoveringCheckpoint
from eventstore.durable import Disk, sync_folder, write_file
from eventstore.errors import Corrupt
from eventstore.own_hash import OWN_HASH_BYTES_MAX
from eventstore.regular_file import open_regular, read_regular
from eventstore.segment import seal_name, segment_name

Progress = Callable[[int], None]
"""Called from time to time with the number of bytes of segments that have been dealt with."""


class VolumeBusy(Exception):
    """Another process writes this volume.

    Attributes:
        path: the folder in which it does.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path}: another process writes this volume")


class VolumeContent(NamedTuple):
    """What is to be written.

    Attributes:
        folder: the ledger.
        ledger: its identity.
        ledger_format: the format of its entries.
        origin: its name in checkpoints; None if it has no key.
        software: the program that writes.
        segment_entries: how many entries a segment holds.
        firsts: the segments, by their first entries, without a gap.
        checkpoint: what was signed that covers all of them; None if there is nothing.
        tables: makes more files in the folder that it is given, in folders of its own.
    """

    folder: Path
    ledger: str
    ledger_format: int
    origin: str | None
    software: str
    segment_entries: int
    firsts: Sequence[int]
    checkpoint: CoveringCheckpoint | None
    tables: Callable[[Path], None]


def write_volume(disk: Disk, place: Path, content: VolumeContent, progress: Progress | None = None) -> Path:
    """Write a volume; it is on disk on return.

    Args:
        disk: the system calls.
        place: the folder in which volumes are; it exists.
        content: what is to be written.
        progress: called as it proceeds.

    Returns:
        The folder of the volume.

    Raises:
        VolumeBusy: another process is writing it.
        BadVolume: something else has its name.
        Corrupt: a segment is not what its lines or its seal say.
        OSError: it cannot be written.
    """
    target = place / volume_name(content.ledger, content.firsts[0])
    with _staging(disk, place / f".{target.name}.writing") as staging:
        segments = _written_segments(disk, staging, content, progress or (lambda _: None))
        if content.checkpoint is not None:
            write_file(disk, staging / CHECKPOINT_NAME, content.checkpoint.note)
        content.tables(staging)
        manifest = _manifest(content, segments, _other_files(disk, staging, segments))
        raw = manifest.raw()
        write_file(disk, staging / MANIFEST_NAME, raw)
        write_file(disk, staging / SUMS_NAME, manifest.sums(sha256(raw).hexdigest()))
        _sync_folders(disk, staging)
        try:
            disk.rename(staging, target)
        except OSError as problem:
            if problem.errno in (errno.ENOTEMPTY, errno.EEXIST, errno.ENOTDIR):
                raise BadVolume(target, "something else has this name") from None
            raise
        sync_folder(disk, place)
    return target


def flush_volume(disk: Disk, folder: Path, manifest: Manifest) -> None:
    """Put a volume on disk that this process did not write: whoever copied it, or was killed, may not have.

    Args:
        disk: the system calls.
        folder: of the volume.
        manifest: what it holds.

    Raises:
        OSError: it cannot be flushed.
    """
    names = [file.path for file in manifest.all_files] + [MANIFEST_NAME, SUMS_NAME]
    for name in names:
        fd = open_regular(folder / name)
        try:
            _flush(disk.fdatasync, fd, folder / name)
        finally:
            os.close(fd)
    inner = {parent for name in names for parent in (folder / name).parents if parent.is_relative_to(folder)}
    for path in [*sorted(inner, reverse=True), folder.parent]:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            _flush(disk.fsync, fd, path)
        finally:
            os.close(fd)


def _flush(flush: Callable[[int], None], fd: int, path: Path) -> None:
    """Flush a file; what is on a medium that cannot be written needs none."""
    try:
        flush(fd)
    except OSError as problem:
        if problem.errno not in (errno.EROFS, errno.EINVAL):
            problem.filename = problem.filename or str(path)
            raise


@contextmanager
def _staging(disk: Disk, path: Path) -> Iterator[Path]:
    """The folder in which the volume is written, empty, and locked while the context lasts.

    Raises:
        VolumeBusy: another process has locked it.
        BadVolume: it is a link, or no folder.
    """
    disk.mkdir(path)
    try:
        fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError as problem:
        if problem.errno in (errno.ENOTDIR, errno.ELOOP):
            raise BadVolume(path, "it is no folder, or a link to one") from None
        if problem.errno == errno.ENOENT:
            raise VolumeBusy(path) from None
        raise
    try:
        try:
            disk.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise VolumeBusy(path) from None
        # The process that had locked it may have given it its name meanwhile.
        if not _is_still(path, fd):
            raise VolumeBusy(path)
        _empty(path)
        yield path
    finally:
        os.close(fd)


def _is_still(path: Path, fd: int) -> bool:
    try:
        return os.path.samestat(os.lstat(path), os.fstat(fd))
    except FileNotFoundError:
        return False


def _empty(folder: Path) -> None:
    """Remove what an interrupted archiving left in its own folder; no link is followed."""
    try:
        for name in os.listdir(folder):
            path = folder / name
            if stat.S_ISDIR(os.lstat(path).st_mode):
                shutil.rmtree(path)
            else:
                os.unlink(path)
    except OSError as problem:
        # What is removed below it is named without its folder.
        raise OSError(problem.errno, problem.strerror, str(folder)) from problem


def _written_segments(
    disk: Disk, staging: Path, content: VolumeContent, progress: Progress
) -> list[SegmentRecord]:
    segments: list[SegmentRecord] = []
    done_bytes = 0
    for first in content.firsts:
        segment = _written(disk, staging, content, first, lambda more, done=done_bytes: progress(done + more))  # type: ignore[misc]
        if segments and segments[-1].last != segment.prev:
            path = content.folder / segment_name(first)
            raise Corrupt(path, 0, first, f"prev {segments[-1].last}", f"prev {segment.prev}")
        segments.append(segment)
        done_bytes += segment.bytes
    return segments


def _written(
    disk: Disk, staging: Path, content: VolumeContent, first: int, progress: Progress
) -> SegmentRecord:
    checked = checked_segment(content.folder, first, content.segment_entries)
    path = content.folder / segment_name(first)
    with open(open_regular(path), "rb") as source:
        target = disk.open(staging / compressed_name(first), os.O_WRONLY | os.O_CREAT | os.O_EXCL)
        try:
            packed = compress(disk, source.fileno(), target, progress)
            disk.fdatasync(target)
        except NotTheSegment as problem:
            raise Corrupt(path, 0, first, "a segment that does not change", str(problem)) from None
        except OSError as problem:
            # The calls that write know no name.
            problem.filename = problem.filename or str(staging)
            raise
        finally:
            os.close(target)
    if packed.plain_sha256 != checked.seal.sha256:
        raise Corrupt(path, 0, first, f"sha256 {checked.seal.sha256}", f"sha256 {packed.plain_sha256}")
    seal = read_regular(content.folder / seal_name(first), OWN_HASH_BYTES_MAX)
    write_file(disk, staging / seal_name(first), seal)
    return SegmentRecord(
        first=first,
        count=checked.seal.count,
        bytes=checked.seal.bytes,
        sha256=checked.seal.sha256,
        prev=checked.prev,
        last=checked.seal.last,
        root=checked.root.hex(),
        compressed_bytes=packed.bytes,
        compressed_sha256=packed.sha256,
        proof=[each.hex() for each in content.checkpoint.proofs[first]] if content.checkpoint else [],
    )


def _other_files(disk: Disk, staging: Path, segments: list[SegmentRecord]) -> list[FileRecord]:
    """The files that hold no segment, each flushed and digested."""
    packed = {compressed_name(segment.first) for segment in segments}
    files = []
    for path in sorted(staging.rglob("*")):
        name = str(path.relative_to(staging))
        if name in packed or path.is_dir():
            continue
        with open(open_regular(path), "rb") as file:
            disk.fdatasync(file.fileno())
            digest = file_digest(file, "sha256").hexdigest()
            files.append(FileRecord(path=name, bytes=os.fstat(file.fileno()).st_size, sha256=digest))
    return files


def _manifest(content: VolumeContent, segments: list[SegmentRecord], files: list[FileRecord]) -> Manifest:
    first_time, last_time = first_and_last_time(content.folder, segments[0].first, segments[-1].first)
    return Manifest(
        ledger=content.ledger,
        origin=content.origin,
        ledger_format=content.ledger_format,
        software=content.software,
        segment_entries=content.segment_entries,
        first=segments[0].first,
        last=segments[-1].first + segments[-1].count - 1,
        first_time=first_time,
        last_time=last_time,
        checkpoint_size=None if content.checkpoint is None else content.checkpoint.head.size,
        segments=segments,
        files=files,
    )


def _sync_folders(disk: Disk, folder: Path) -> None:
    """Put the names in a folder and below it on disk."""
    for path in sorted(folder.rglob("*")):
        if path.is_dir():
            sync_folder(disk, path)
    sync_folder(disk, folder)

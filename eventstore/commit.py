"""A commit: one write, one flush, then `HEAD`; comments say at each step what a crash there leaves.

Everything here happens under the writer lock.
"""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Literal

import msgspec

from eventstore.durable import Disk, close_quietly, sync_folder, write_all, write_rest
from eventstore.errors import Corrupt, Poisoned, Unavailable
from eventstore.head import HeadFile, Slot
from eventstore.rewrite import rewrite
from eventstore.segment import first_of
from eventstore.store import Entry
from eventstore.tail import LineEnd, Tail

Fsync = Literal["always", "everysec", "never"]
"""When entries are made durable: before `append` returns; within a second; when a segment is full.

With each of the three, entries are durable once the ledger has been closed. No killed process loses entries; a
power failure may lose those of the last second (`everysec`) or of the open segment (`never`).
"""

_FLUSH_EVERY_S = 1.0


class _SegmentWrite(msgspec.Struct):
    """The lines of a commit that go into one segment: from `offset` to `end`, in bytes."""

    first: int
    fd: int
    offset: int
    end: int
    synced: bool = False


class Writer:
    """Appends to the ledger whose end is `tail`.

    Attributes:
        poisoned: why nothing more can be acknowledged; None if no flush has failed.
    """

    def __init__(
        self, folder: Path, segment_entries: int, disk: Disk, tail: Tail, head_file: HeadFile, fsync: Fsync
    ) -> None:
        self._folder, self._entries, self._disk = folder, segment_entries, disk
        self._tail, self._head_file, self._fsync = tail, head_file, fsync
        self._flushed_s = self._head_flushed_s = time.monotonic()
        self.poisoned: str | None = None

    def put(self, lines: list[bytes], block: bytes, entries: list[Entry]) -> None:
        """Append lines that this process has composed, or checked, all or none.

        Args:
            lines: each with its LF.
            block: the same lines, joined.
            entries: what they say.

        Raises:
            Unavailable: nothing was written.
            Poisoned: a flush failed, or what was written could not be taken back.
        """
        tail = self._tail
        first, durable = tail.first, tail.durable
        if (
            tail.fd is not None
            and first < durable == tail.head.seq + 1
            and len(lines) < first + self._entries - durable
            and self._fsync == "always"
        ):
            self._extend(tail.fd, block, entries)
        else:
            self._put(lines, block, entries)

    def _extend(self, fd: int, block: bytes, entries: list[Entry]) -> None:
        """What `put` does nearly always: the lines fit into the open segment, and all before them is on disk."""
        tail = self._tail
        offset, length = tail.offset, len(block)
        try:
            # A crash here leaves a torn tail, or whole lines that were not acknowledged.
            written = self._disk.pwrite(fd, block, offset)
            if written < length:
                write_rest(self._disk, fd, block, offset, written)
            # A crash here leaves the same, and a power failure may lose any of the lines.
            try:
                self._disk.fdatasync(fd)
            except OSError as error:
                raise self._flush_failed(error) from error
        except OSError as error:
            self._take_back([_SegmentWrite(tail.first, fd, offset, offset + length)])
            raise self._unwritten(error) from error
        except BaseException:
            self._take_back([_SegmentWrite(tail.first, fd, offset, offset + length)])
            raise
        # See `_put`.
        tail.extend(entries, length)
        self._durable_to_here()

    def _put(self, lines: list[bytes], block: bytes, entries: list[Entry]) -> None:
        """What `put` does wherever the lines go, and whatever else is to be flushed."""
        parts: list[_SegmentWrite] = []
        try:
            # A crash here leaves a torn tail, or whole lines that were not acknowledged.
            self._write(lines, block, parts)
            if self._flush_is_due():
                # A crash here leaves the same, and a power failure may lose any of the lines.
                self._sync(parts)
        except OSError as error:
            self._take_back(parts)
            self._close_all_but(parts, self._tail.fd)
            raise self._unwritten(error) from error
        except BaseException:
            self._take_back(parts)
            self._close_all_but(parts, self._tail.fd)
            raise
        # From here on the entries are in the ledger, so nothing may raise. A crash leaves `HEAD` at an older entry,
        # which is harmless.
        last, before = parts[-1], self._tail.fd
        self._tail.advance(entries, len(block), last.fd, LineEnd(last.first, last.end))
        if len(parts) > 1:
            for part in parts[:-1]:
                if part.fd != before:
                    close_quietly(part.fd)
        if last.synced:
            self._durable_to_here()

    def flush(self) -> None:
        """Make all entries durable that are not durable yet.

        Raises:
            Poisoned: it failed.
        """
        tail = self._tail
        if tail.durable <= tail.head.seq:
            self._sync(
                [] if tail.fd is None else [_SegmentWrite(tail.first, tail.fd, tail.offset, tail.offset)]
            )
            self._durable_to_here()

    def cut(self, fd: int, offset: int) -> None:
        """Cut the open segment at `offset`, behind its last entry.

        Raises:
            OSError: nothing was cut.
            Poisoned: it is unknown whether the cut is on disk.
        """
        self._disk.ftruncate(fd, offset)
        self._flush_file(fd)

    def flush_head(self) -> None:
        """Put `HEAD` on disk."""
        self._head_file.flush()
        self._head_flushed_s = time.monotonic()

    def _write(self, lines: list[bytes], block: bytes, parts: list[_SegmentWrite]) -> None:
        """Write the lines, each into its segment; `parts` lists at any moment what may have been written."""
        tail = self._tail
        first, fd, offset = tail.first, tail.fd, tail.offset
        room = first + self._entries - tail.head.seq - 1
        while lines:
            data = block if len(lines) <= room and not parts else b"".join(lines[:room])
            lines = lines[room:]
            if fd is None:
                fd = self._next_segment(first, parts)
            parts.append(_SegmentWrite(first, fd, offset, offset + len(data)))
            write_all(self._disk, fd, data, offset)
            first, fd, offset, room = first + self._entries, None, 0, self._entries

    def _next_segment(self, first: int, parts: list[_SegmentWrite]) -> int:
        """Create a segment once all before it is on disk, so that its existence proves the earlier ones."""
        if parts:
            self._sync(parts)
        elif self._tail.durable < first:
            self.flush()
        path = self._tail.path(first)
        fd = self._disk.open(path, os.O_RDWR | os.O_CREAT)
        try:
            size = os.fstat(fd).st_size
        except OSError:
            close_quietly(fd)
            raise
        if size:
            close_quietly(fd)
            raise Corrupt(path, 0, first, "an empty segment", f"{size} bytes")
        return fd

    def _sync(self, parts: list[_SegmentWrite]) -> None:
        """Make durable what these parts hold, and all entries before them that are not known to be durable.

        Raises:
            Poisoned: a flush failed.
            Corrupt: entries of other processes cannot be written again; nothing has become durable.
            OSError: a file could not be written again, or opened to be flushed; nothing is known to be lost.
        """
        tail = self._tail
        begin = parts[0].first if parts else tail.first
        newest = parts[-1].first if parts else tail.first - self._entries
        if tail.unproven:
            rewrite(self._disk, self._folder, self._entries, tail)
            tail.unproven = False
        others = range(first_of(tail.durable, self._entries), begin, self._entries)
        opened: list[int] = []
        try:
            # All files are opened before the first flush: a lack of descriptors must not count as a failed flush.
            for first in others:
                fd = self._disk.open(tail.path(first), os.O_RDWR)
                opened.append(fd)
            # The name of the newest segment may not be on disk.
            if newest >= tail.durable:
                opened.append(os.open(self._folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC))
            self._flush_files(opened[: len(others)], parts, opened[len(others) :])
        finally:
            for fd in opened:
                close_quietly(fd)

    def _flush_files(self, segments: list[int], parts: list[_SegmentWrite], folder: list[int]) -> None:
        for fd in segments:
            self._flush_file(fd)
        for part in parts:
            if not part.synced:
                self._flush_file(part.fd)
                part.synced = True
        try:
            for fd in folder:
                self._disk.fsync(fd)
        except OSError as error:
            raise self._flush_failed(error) from error

    def _flush_file(self, fd: int) -> None:
        try:
            self._disk.fdatasync(fd)
        except OSError as error:
            raise self._flush_failed(error) from error

    def _flush_is_due(self) -> bool:
        if self._fsync == "everysec":
            return time.monotonic() - self._flushed_s >= _FLUSH_EVERY_S
        return self._fsync == "always"

    def _durable_to_here(self) -> None:
        """Write into `HEAD` that everything up to the last entry is on disk."""
        tail = self._tail
        head = tail.head
        tail.durable, tail.unproven = head.seq + 1, False
        self._head_file.write(Slot(head.seq, head.hash, tail.offset or tail.end.offset))
        self._flushed_s = now_s = time.monotonic()
        if now_s - self._head_flushed_s >= _FLUSH_EVERY_S:
            self.flush_head()

    def _take_back(self, parts: list[_SegmentWrite]) -> None:
        """Remove what a failed commit has written; none of it was acknowledged.

        Segments that the commit has created are removed first, and their names leave the disk before the segment
        before them is cut: a segment exists only behind a full one.

        Raises:
            Poisoned: some of it may still be there.
        """
        if not parts:
            return
        # To flush the folder takes a descriptor, and the lack of one may be what made the commit fail.
        for part in parts[1:]:
            close_quietly(part.fd)
        del parts[1:]
        begun = [self._tail.path(parts[0].first)]
        while begun[-1].exists():
            begun.append(self._tail.path(parts[0].first + len(begun) * self._entries))
        try:
            for path in reversed(begun[1:-1]):
                self._disk.unlink(path)
                sync_folder(self._disk, self._folder)
            if os.fstat(parts[0].fd).st_size > parts[0].offset:
                self._disk.ftruncate(parts[0].fd, parts[0].offset)
                # The next write goes to the same place: a power failure must not leave a mixture of both.
                self._disk.fdatasync(parts[0].fd)
        except OSError as error:
            raise self._poison(
                f"a failed write could not be taken back: {error.strerror or error}"
            ) from error

    def _unwritten(self, error: OSError) -> Unavailable:
        return Unavailable(f"{self._folder} cannot be written: {error.strerror or error}")

    def _flush_failed(self, error: OSError) -> Poisoned:
        return self._poison(f"a flush to disk failed: {error.strerror or error}")

    def _poison(self, why: str) -> Poisoned:
        self.poisoned = self.poisoned or f"{self._folder}: {why}"
        return Poisoned(self.poisoned)

    def _close_all_but(self, parts: list[_SegmentWrite], kept: int | None) -> None:
        for part in parts:
            if part.fd != kept:
                close_quietly(part.fd)

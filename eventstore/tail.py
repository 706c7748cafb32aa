"""The end of the ledger as one process knows it: how it is found, and how it follows what others append.

Opening, following and recovering share this code. Every line over which the end moves is checked completely.
"""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from eventstore.durable import Disk, close_quietly
from eventstore.entry import BadLine, head_after, parse_lines, shown, tail_of
from eventstore.errors import Corrupt, TornTail
from eventstore.head import HeadFile, Slot
from eventstore.segment import (
    SegmentNames,
    check_names,
    check_seals,
    first_lines,
    first_of,
    line_before,
    line_blocks,
    list_names,
    marker_name,
    seal_name,
    segment_name,
)
from eventstore.store import EMPTY, Entry, Head

if TYPE_CHECKING:
    from eventstore.archive.archived_segments import ArchivedSegment

_RECENT_BYTES_MAX = 1024 * 1024


class RecentEntries:
    """The last entries, decoded, so that following the ledger reads nothing twice; at most about 1 MiB."""

    def __init__(self) -> None:
        self._blocks: deque[tuple[list[Entry], int]] = deque()
        self._bytes = 0

    def add(self, entries: list[Entry], line_bytes: int) -> None:
        """Remember the entries that follow those remembered last."""
        self._blocks.append((entries, line_bytes))
        self._bytes += line_bytes
        while self._bytes > _RECENT_BYTES_MAX and len(self._blocks) > 1:
            self._bytes -= self._blocks.popleft()[1]

    def since(self, first: int, last: int) -> Iterator[Entry] | None:
        """Entries `first` to `last`; None if they are not all remembered."""
        if not self._blocks or first < self._blocks[0][0][0].seq:
            return None
        wanted = [block for block, _ in self._blocks if block[-1].seq >= first]
        return (entry for block in wanted for entry in block if first <= entry.seq <= last)


class LineEnd(msgspec.Struct, frozen=True, gc=False):
    """Where the last line ends: the first entry of its segment, and the offset behind its LF, in bytes."""

    first: int
    offset: int


class Tail:
    """The end of a ledger.

    Attributes:
        head: the last entry.
        first: the segment into which the next entry goes, by its first entry.
        offset: where in that segment the next entry goes, in bytes.
        fd: that segment, opened; None while there is no such file.
        durable: how many entries are known to be on disk.
        unproven: whether some entries after those were written by another process. Its flush may have failed, and the
            kernel may have reported that to it alone.
        torn: what a crash left behind the last entry, if anything.
        recent: the last entries.
    """

    def __init__(
        self, folder: Path, segment_entries: int, disk: Disk, head_file: HeadFile, *, writable: bool
    ):
        self._folder, self._entries, self._disk, self._head_file = folder, segment_entries, disk, head_file
        self._flags = os.O_RDWR if writable else os.O_RDONLY
        self.head: Head = EMPTY
        self._left = LineEnd(0, 0)
        self.first = self.offset = self.durable = 0
        self.fd: int | None = None
        self.torn: TornTail | None = None
        self.unproven = False
        self._last_listed = self._signed = 0
        self.recent = RecentEntries()

    @property
    def end(self) -> LineEnd:
        """Where the line of the last entry ends."""
        return LineEnd(self.first, self.offset) if self.offset else self._left

    def path(self, first: int) -> Path:
        """The segment that begins with entry `first`."""
        return self._folder / segment_name(first)

    def start(self, signed_entries: int) -> None:
        """Find the last entry that is known to be on disk, without reading the history before it.

        Args:
            signed_entries: so many entries must be there, since a checkpoint of them was signed; it was looked for
                before any entry was: what a checkpoint covers was there before it.

        Raises:
            Corrupt: `HEAD` names an entry that is not there; or a segment is missing (the last one counts if it has a
                seal) and was not archived, or is not as long as its seal says.
        """
        self._signed = signed_entries
        slot = self._head_file.read()
        found = list_names(self._folder)
        firsts = found.firsts
        check_names(self._folder, firsts, self._entries)
        check_seals(self._folder, found)
        self._check_sealed(found)
        self._last_listed = firsts[-1] if firsts else 0
        seq = self._last_listed - 1 if slot is None else slot.seq
        if first_of(seq, self._entries) in found.archived:
            # `HEAD` is older than the archive, as in a copy that was put together.
            self._pass_archived(first_of(seq, self._entries))
        elif seq >= 0:
            self._start_from(seq, slot)

    def changed(self) -> bool:
        """Whether there is anything new to read; this costs one system call, or three behind a full segment."""
        if self.fd is None:
            return (
                self.path(self.first).exists()
                or (self.first > 0 and self._left_bytes() != self.end.offset)
                or (self._folder / marker_name(self.first)).exists()
            )
        status = os.fstat(self.fd)
        return status.st_size != self.offset or status.st_nlink == 0

    def grow(self, *, settled: bool) -> None:
        """Move to the last entry of the ledger, and check every line on the way.

        Args:
            settled: whether no process is writing now (the lock is held, shared or not): all entries are there then.

        Raises:
            Corrupt: what is there is neither entries nor a torn tail.
        """
        self.torn = None
        before = self.head
        try:
            while self._enter() and self._read_on():
                self._leave()
        except BadLine as bad:
            self.torn = self._torn_or_corrupt(bad)
        if self.first < self._last_listed:
            raise self._gone(
                self.head.seq + 1, "an entry, for there is a later segment", "the end of the file"
            )
        if self.head.seq + 1 < self._signed:
            signed = f"an entry, for a checkpoint of {self._signed:,} entries was signed"
            raise self._gone(self.head.seq + 1, signed, "the end of the file")
        if self.head is before:
            return
        slot = self._head_file.read()
        if slot is not None:
            if settled and slot.seq > self.head.seq:
                raise self._gone(slot.seq, f"the entry that HEAD names, {slot.hash}", "nothing")
            self.durable = max(self.durable, min(slot.seq, self.head.seq) + 1)
        self.unproven = self.durable <= self.head.seq

    def extend(self, entries: list[Entry], line_bytes: int) -> None:
        """Move over entries that this process has just written into the open segment, which they do not fill."""
        last = entries[-1]
        self.head, self.offset = Head(last.seq, last.hash), self.offset + line_bytes
        self.recent.add(entries, line_bytes)

    def advance(self, entries: list[Entry], line_bytes: int, fd: int, end: LineEnd) -> None:
        """Move over entries that this process has just written; the last of them are in `fd`."""
        before = self.fd
        self.fd, self.first = fd, end.first
        if before is not None and before != fd:
            close_quietly(before)
        self._accept(entries, line_bytes, end.offset)
        if self._full():
            self._leave()

    def settle(self) -> None:
        """Note that the torn tail was cut off: the next entry goes behind the last one."""
        self.torn = None
        if self._full():
            self._leave()

    def close(self) -> None:
        """Close the segment."""
        if self.fd is not None:
            close_quietly(self.fd)
            self.fd = None

    def _check_sealed(self, found: SegmentNames) -> None:
        """Check what the folder says of segments beside their names: where they are archived, how long they are.

        A ledger of less than a segment says neither, and whoever opens it does not wait for what reads that.
        """
        if found.archived:
            from eventstore.archive.archived_segments import check_archived

            check_archived(self._folder, found, self._entries)
        if found.seals:
            from eventstore.seal import check_lengths

            check_lengths(self._folder, found.segments)

    def _start_from(self, seq: int, slot: Slot | None) -> None:
        """Move behind entry `seq`, which ends where `HEAD` says or, without `HEAD`, at the end of its segment."""
        first = first_of(seq, self._entries)
        named = f"the entry that HEAD names, {slot.hash}" if slot else "the last entry of a full segment"
        try:
            fd = self._disk.open(self.path(first), self._flags)
        except FileNotFoundError:
            raise Corrupt(self.path(first), 0, seq, named, "no such segment") from None
        self.fd, self.first = fd, first
        offset = slot.offset if slot else os.fstat(fd).st_size
        found = line_before(fd, offset)
        line = tail_of(found[1]) if found else None
        if line is None or line.seq != seq or (slot is not None and line.hash != slot.hash):
            what = f"entry {line.seq}, {line.hash}" if line else shown(found[1]) if found else "no whole line"
            raise Corrupt(self.path(first), found[0] if found else offset, seq, named, what)
        self.head, self.offset, self.durable = Head(seq, line.hash), offset, seq + 1
        if self._full():
            self._leave()

    def _enter(self) -> bool:
        """Open the segment into which the next entry goes, if it is not open; False if there is none yet.

        Raises:
            BadLine: there are bytes behind the end of the full segment before it; then that one is open.
        """
        while self.fd is None:
            self._check_left()
            if self.fd is None:
                with contextlib.suppress(FileNotFoundError):
                    self.fd = self._disk.open(self.path(self.first), self._flags)
            if self.fd is None and not self._pass_archived(self.first):
                return False
        return True

    def _check_left(self) -> None:
        """Check that the full segment before this one ends with its last entry."""
        if self.first == 0:
            return
        size = self._left_bytes()
        if size < self.end.offset:
            raise self._gone(self.head.seq, "the last entry", "a segment that was removed or cut")
        if size > self.end.offset:
            end = self.end
            self.first, self.offset = end.first, end.offset
            self.fd = self._disk.open(self.path(self.first), self._flags)
            self._read_on()

    def _left_bytes(self) -> int:
        """The length of the full segment before this one; -1 if it is gone."""
        try:
            return os.stat(self.path(self.end.first)).st_size
        except FileNotFoundError:
            archived = self._archived(self.end.first)
            return -1 if archived is None else archived.seal.bytes

    def _archived(self, first: int) -> ArchivedSegment | None:
        """What is known of a segment that was moved out of the folder; the first one never is."""
        if not first or not os.path.lexists(self._folder / marker_name(first)):
            return None
        from eventstore.archive.archived_segments import archived_segment

        return archived_segment(self._folder, first)

    def _pass_archived(self, first: int) -> bool:
        """Move to the end of a segment that is archived, and that all entries before it lead to.

        Its lines are not read: whoever wants them gets them from the archive, or is told that it is not there.

        Returns:
            False if it is not archived.

        Raises:
            Corrupt: it does not follow what was read before.
        """
        archived = self._archived(first)
        if archived is None:
            return False
        seal, marker = archived
        if self.head.seq == first - 1 and marker.prev != self.head.hash:
            wanted = f"prev {self.head.hash} (hash of entry {self.head.seq})"
            raise Corrupt(self._folder / marker_name(first), 0, first, wanted, f"prev {marker.prev}")
        self.head, self._left = Head(first + seal.count - 1, seal.last), LineEnd(first, seal.bytes)
        self.first, self.offset = first + self._entries, 0
        # It was on disk before it was archived. What follows does not follow the entries that are remembered.
        self.durable = max(self.durable, self.head.seq + 1)
        self.recent = RecentEntries()
        return True

    def _leave(self) -> None:
        """Leave a full segment: the next entry goes into the next one."""
        assert self.fd is not None, "a full segment is one that is open"
        close_quietly(self.fd)
        self._left = self.end
        self.fd, self.first, self.offset = None, self.first + self._entries, 0

    def _full(self) -> bool:
        return self.head.seq + 1 == self.first + self._entries

    def _read_on(self) -> bool:
        """Read the rest of the segment.

        Returns:
            Whether the segment is full, so that there may be a next one.
        """
        assert self.fd is not None, "there is a segment to read"
        status = os.fstat(self.fd)
        removed = status.st_nlink == 0 and self._archived(self.first) is None
        if removed or status.st_size < self.offset:
            raise self._gone(self.head.seq, "the last entry", "a segment that was removed or cut")
        for lines in line_blocks(self.fd, self.offset, status.st_size):
            if not lines.whole:
                raise BadLine(self.head.seq + 1, lines.offset, "a whole line", shown(lines.raw))
            if self._full():
                raise BadLine(self.head.seq + 1, lines.offset, "the end of a full segment", shown(lines.raw))
            self._read_lines(lines.raw, lines.offset)
        return self._full()

    def _read_lines(self, raw: bytes, offset: int) -> None:
        """Move over whole lines that begin at `offset`."""
        room = self.first + self._entries - self.head.seq - 1
        block = first_lines(raw, room)
        try:
            entries = parse_lines(block, self.head.seq + 1, self.head.hash)
        except BadLine as bad:
            if bad.offset:
                good = block[: bad.offset]
                self._accept(
                    parse_lines(good, self.head.seq + 1, self.head.hash), len(good), offset + len(good)
                )
            raise BadLine(bad.seq, offset + bad.offset, bad.expected, bad.found) from None
        self._accept(entries, len(block), offset + len(block))
        if len(block) < len(raw):
            rest = raw[len(block) :]
            raise BadLine(self.head.seq + 1, self.offset, "the end of a full segment", shown(rest))

    def _accept(self, entries: list[Entry], line_bytes: int, offset: int) -> None:
        self.head, self.offset = head_after(entries), offset
        self.recent.add(entries, line_bytes)

    def _torn_or_corrupt(self, bad: BadLine) -> TornTail:
        # Nearly every ledger ends with a whole line.
        from eventstore.recovery import has_arrived, judge, later_lines

        assert self.fd is not None, "a bad line was read from a segment"
        slot = self._head_file.read()
        sealed = (self._folder / seal_name(self.first)).exists()
        open_segment = not sealed and not self.path(self.first + self._entries).exists()
        end = os.fstat(self.fd).st_size
        found = judge(
            self.path(self.first),
            bad,
            later_lines(self.fd, bad.offset, end),
            max(slot.seq if slot else -1, self._signed - 1),
            # Behind the last entry of a full segment no entry was expected, so none can be lost there.
            arrived=not self._full() and has_arrived(self.fd, bad.offset, end),
            open_segment=open_segment,
        )
        if isinstance(found, Corrupt):
            raise found
        return found

    def _gone(self, seq: int, expected: str, found: str) -> Corrupt:
        return Corrupt(self.path(self.end.first), self.end.offset, seq, expected, found)

"""Reading entries that are in the ledger, each checked against the chain."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from eventstore.durable import close_quietly
from eventstore.entry import LINE_BYTES_MAX, BadLine, parse_lines, shown, tail_of
from eventstore.errors import Corrupt
from eventstore.segment import find_line, first_lines, first_of, line_before, line_blocks, segment_name
from eventstore.segment_access import open_segment_file
from eventstore.store import GENESIS, Entry
from eventstore.tail import LineEnd, Tail


def read_entries(folder: Path, segment_entries: int, tail: Tail, first: int, last: int) -> Iterator[Entry]:
    """Entries `first` to `last`, which is not beyond the head that `tail` knows.

    Raises:
        Corrupt: an entry on the way does not stand where the chain says.
    """
    end, head = tail.end, tail.head
    prev: str | None = None
    for segment_first in range(first_of(first, segment_entries), last + 1, segment_entries):
        with open_segment(folder, segment_first, end) as (path, fd, limit):
            start = max(first, segment_first)
            if prev is None:
                prev = _hash_before(folder, segment_entries, start, fd, limit)
            full = segment_first + segment_entries - 1
            stop = min(last, full)
            for entries in _segment_entries(path, fd, limit, (segment_first, start, stop, full), prev):
                prev = entries[-1].hash
                yield from entries
    if last == head.seq and prev != head.hash:
        raise Corrupt(folder / segment_name(end.first), end.offset, last, f"hash {head.hash}", f"hash {prev}")


@contextmanager
def open_segment(folder: Path, first: int, end: LineEnd) -> Iterator[tuple[Path, int, int]]:
    """Open a segment that must exist: its path, a descriptor of it, and where its entries end.

    In the last segment of the ledger, bytes behind the ledger's end are not read, however many there are.

    Raises:
        Corrupt: the segment does not exist.
        Archived: it was archived, and cannot be read there.
        OSError: the segment cannot be read.
    """
    path = folder / segment_name(first)
    with segment_descriptor(path, first) as fd:
        size = os.fstat(fd).st_size
        limit = min(size, end.offset) if first == end.first else size
        yield path, fd, limit


@contextmanager
def segment_descriptor(path: Path, seq: int) -> Iterator[int]:
    """A descriptor of a segment that must exist, because entry `seq` is in it; it is read by `pread`.

    Raises:
        Corrupt: the segment does not exist.
        Archived: it was archived, and cannot be read there.
        OSError: the segment cannot be read.
    """
    try:
        fd = open_segment_file(path)
    except FileNotFoundError:
        raise Corrupt(path, 0, seq, "this segment", "no such file") from None
    try:
        yield fd
    finally:
        close_quietly(fd)  # a generator that is given up closes it where no error can be told


def _segment_entries(
    path: Path, fd: int, size: int, span: tuple[int, int, int, int], prev: str
) -> Iterator[list[Entry]]:
    """The entries of one segment from `span[1]` to `span[2]`; it may hold those from `span[0]` to `span[3]`."""
    segment_first, seq, stop, full = span
    offset = _begin_of(path, fd, size, segment_first, seq)
    for lines in line_blocks(fd, offset, size):
        block = lines.raw
        if not lines.whole:
            raise Corrupt(path, lines.offset, seq, "a whole line", shown(block))
        block = first_lines(block, stop - seq + 1)
        try:
            entries = parse_lines(block, seq, prev)
        except BadLine as bad:
            raise Corrupt(path, lines.offset + bad.offset, bad.seq, bad.expected, bad.found) from None
        seq, prev = entries[-1].seq + 1, entries[-1].hash
        yield entries
        end = lines.offset + len(block)
        if seq > full and end < size:
            rest = os.pread(fd, LINE_BYTES_MAX, end)
            raise Corrupt(path, end, seq, "the end of a full segment", shown(rest))
        if seq > stop:
            return
    raise Corrupt(path, size, seq, "this entry", "the end of the file")


def _begin_of(path: Path, fd: int, size: int, segment_first: int, seq: int) -> int:
    """Where the line of entry `seq` begins."""
    offset = 0 if seq == segment_first else find_line(fd, segment_first, size, seq)
    if offset is None:
        raise _damage_before(path, fd, size, segment_first, seq)
    return offset


def _hash_before(folder: Path, segment_entries: int, seq: int, fd: int, size: int) -> str:
    """The hash that entry `seq` must name as `prev`: that of the entry before it, read from its own line."""
    if seq == 0:
        return GENESIS
    segment_first = first_of(seq, segment_entries)
    if seq == segment_first:
        return _hash_at_end(folder, segment_first - segment_entries, seq - 1)
    path = folder / segment_name(segment_first)
    return _hash_in(path, line_before(fd, _begin_of(path, fd, size, segment_first, seq)), seq - 1)


def _hash_at_end(folder: Path, first: int, seq: int) -> str:
    """The hash of entry `seq`, which is the last one of a full segment: its seal tells it, if it is archived."""
    path = folder / segment_name(first)
    if not path.exists():
        # Where all segments are there, nobody waits for what an archive needs.
        from eventstore.archive.archived_segments import moved_segment

        archived = moved_segment(folder, first)
        if archived is not None:
            return archived.seal.last
    with segment_descriptor(path, seq) as fd:
        return _hash_in(path, line_before(fd, os.fstat(fd).st_size), seq)


def _hash_in(path: Path, found: tuple[int, bytes] | None, seq: int) -> str:
    """The hash of the line that was found in a segment, which must be entry `seq`."""
    line = tail_of(found[1]) if found else None
    if line is None or line.seq != seq:
        offset = found[0] if found else 0
        raise Corrupt(path, offset, seq, "this entry", shown(found[1]) if found else "no whole line")
    return line.hash


def _damage_before(path: Path, fd: int, size: int, segment_first: int, seq: int) -> Corrupt:
    """The first damage in a segment in which entry `seq` could not be found: all lines are checked in order."""
    at: int = segment_first
    prev: str | None = None
    for lines in line_blocks(fd, 0, size):
        if not lines.whole:
            return Corrupt(path, lines.offset, at, "a whole line", shown(lines.raw))
        if prev is None:
            opening = tail_of(lines.raw[: lines.raw.index(b"\n")])
            prev = opening.prev if opening else GENESIS
        try:
            entries = parse_lines(lines.raw, at, prev)
        except BadLine as bad:
            return Corrupt(path, lines.offset + bad.offset, bad.seq, bad.expected, bad.found)
        at, prev = entries[-1].seq + 1, entries[-1].hash
    return Corrupt(path, size, at, f"entry {seq}", "the end of the file")

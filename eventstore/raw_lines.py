"""The lines of a ledger as bytes, from its files, in batches, each line checked against the chain."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

from eventstore.durable import close_quietly
from eventstore.entry import BadLine, check_lines, head_after, lines_of, shown
from eventstore.errors import Corrupt
from eventstore.segment import first_lines, first_of, line_blocks, segment_of
from eventstore.segment_access import open_segment_file
from eventstore.store import EMPTY, Head

_BATCH_BYTES = 1024 * 1024
"""So many bytes, or a little more, are in a batch: memory stays bounded."""


class LineBatch(NamedTuple):
    """Consecutive lines: the first one's entry, the lines with their LF, the head that they lead to."""

    first: int
    lines: list[bytes]
    head: Head


def line_batches(folder: Path, segment_entries: int, head: Head) -> Iterator[LineBatch]:
    """The lines of entries 0 to `head`; those of archived segments are read in their archive.

    Raises:
        Corrupt: a line is not the entry that it must be, or `head` is not what they lead to.
        Archived, OSError: a segment cannot be read.
    """
    reached, lines, size, first = EMPTY, list[bytes](), 0, 0
    while reached.seq < head.seq:
        path, begin = segment_of(folder, reached.seq + 1, segment_entries), reached
        for block, reached in _blocks(path, begin, head):
            lines += block
            size += sum(map(len, block))
            if size >= _BATCH_BYTES:
                yield LineBatch(first, lines, reached)
                lines, size, first = [], 0, reached.seq + 1
        ends_early = first_of(reached.seq + 1, segment_entries) != reached.seq + 1 or reached == begin
        if reached.seq < head.seq and ends_early:
            raise Corrupt(path, 0, reached.seq + 1, "this entry", "the end of the file")
    if reached != head:
        path = segment_of(folder, head.seq, segment_entries)
        raise Corrupt(path, 0, head.seq, f"hash {head.hash}", f"hash {reached.hash}")
    if lines:
        yield LineBatch(first, lines, reached)


def lines_elsewhere(lines: Callable[[int, int], list[bytes]], first: int, count: int) -> list[bytes]:
    """The lines that stand elsewhere in the places of some that are here; fewer where it ends before.

    Args:
        lines: gives those from an entry on, at most so many; none only if there is no such entry.
        first: the first entry.
        count: how many are wanted.
    """
    there: list[bytes] = []
    while len(there) < count:
        more = lines(first + len(there), count - len(there))
        if not more:
            break
        there += more
    return there


def same_lines(here: Sequence[bytes], there: Sequence[bytes]) -> int:
    """How many lines at the beginning of both are the same."""
    pairs = enumerate(zip(here, there, strict=False))
    return next((at for at, (one, other) in pairs if one != other), min(len(here), len(there)))


def _blocks(path: Path, reached: Head, head: Head) -> Iterator[tuple[list[bytes], Head]]:
    """The lines of one segment, and the head after each block of them."""
    fd = open_segment_file(path)
    try:
        for block in line_blocks(fd, 0, os.fstat(fd).st_size):
            if not block.whole:
                raise Corrupt(path, block.offset, reached.seq + 1, "a whole line", shown(block.raw))
            raw = first_lines(block.raw, head.seq - reached.seq)
            try:
                reached = head_after(check_lines(raw, reached.seq + 1, reached.hash))
            except BadLine as bad:
                raise Corrupt(path, block.offset + bad.offset, bad.seq, bad.expected, bad.found) from None
            yield [line + b"\n" for line in lines_of(raw)], reached
            if reached.seq >= head.seq:
                return
    finally:
        close_quietly(fd)

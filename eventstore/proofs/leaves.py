"""The leaves of the tree: the lines of a ledger's segments, without their LF, as they stand there.

What the lines say is not checked, except that the first of each block says its `seq`: the tree is over bytes, and
`ledger verify` is what tells whether they are entries.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from eventstore.entry import LINE_BYTES_MAX, seq_of, shown
from eventstore.errors import Corrupt
from eventstore.proofs.merkle_tree import LeafRange
from eventstore.reader import segment_descriptor
from eventstore.segment import find_line, first_of, line_blocks, segment_name


class LedgerLeaves(NamedTuple):
    """Where the leaves are.

    Attributes:
        folder: the ledger.
        segment_entries: how many entries a segment of it holds.
    """

    folder: Path
    segment_entries: int

    def leaf(self, seq: int) -> bytes:
        """The line of an entry that is in the ledger.

        Raises:
            Corrupt: it is not there.
            OSError: its segment cannot be read.
        """
        return next(self.blocks(LeafRange(seq, seq + 1)))[0]

    def blocks(self, leaves: LeafRange) -> Iterator[list[bytes]]:
        """The lines of these entries, all of which are in the ledger, in lists of any length.

        Raises:
            Corrupt: one is not there.
            OSError: a segment cannot be read.
        """
        seq = leaves.first
        while seq < leaves.end:
            first = first_of(seq, self.segment_entries)
            stop = min(leaves.end, first + self.segment_entries)
            path = self.folder / segment_name(first)
            with segment_descriptor(path, seq) as fd:
                size = os.fstat(fd).st_size
                offset = 0 if seq == first else find_line(fd, first, size, seq)
                if offset is None:
                    raise Corrupt(path, 0, seq, f"entry {seq}", "no line that can be found")
                for lines in _lines(path, fd, offset, size, LeafRange(seq, stop)):
                    seq += len(lines)
                    yield lines
            if seq < stop:
                raise Corrupt(path, size, seq, f"entry {seq}", "the end of the file")


def _lines(path: Path, fd: int, offset: int, size: int, leaves: LeafRange) -> Iterator[list[bytes]]:
    """The lines of one segment from `offset` on, as many as wanted or as there are."""
    seq = leaves.first
    for block in line_blocks(fd, offset, size):
        if not block.whole:
            raise Corrupt(path, block.offset, seq, "a whole line", shown(block.raw))
        if seq_of(block.raw[:LINE_BYTES_MAX]) != seq:
            raise Corrupt(path, block.offset, seq, f"entry {seq}", shown(block.raw))
        lines = block.raw.split(b"\n")
        lines.pop()
        del lines[leaves.end - seq :]
        yield lines
        seq += len(lines)
        if seq == leaves.end:
            return

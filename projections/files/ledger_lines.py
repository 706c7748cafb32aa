"""The ledger's lines as bytes, each checked against the chain before it is used.

If a ledger is kept in files, the lines are the bytes of these files; otherwise they are made from its entries.

Only committed entries are returned. What a crash, or a write that is not finished, left behind the last entry is
neither returned nor an error. Anything else that is no entry is damage, and is reported: an answer in which entries
are silently missing would be worse than none.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import msgspec

from eventstore.entry import BadLine, check_lines, head_after
from eventstore.errors import Corrupt
from eventstore.reader import segment_descriptor
from eventstore.segment import LineBlock, first_of, line_blocks, segment_of
from eventstore.store import EventStore, Head

_BLOCK_BYTES = 1024 * 1024
_ENCODER = msgspec.json.Encoder()


class LineReader(Protocol):
    """Reads the lines after a known entry; every line is returned once.

    Attributes:
        first: the first entry that is returned.
        head: the last entry that was returned.
    """

    first: int
    head: Head

    def read_to(self, last: int) -> Iterator[bytes]:
        """Blocks of whole lines up to entry `last`, which must exist according to the store; memory stays bounded.

        Raises:
            Corrupt: an entry on the way is not there, or not what the chain says.
            Archived: a segment on the way is archived, and cannot be read there.
        """
        ...


class StoreLineReader:
    """Lines for the entries of any store: they have the ledger's members, but perhaps other bytes."""

    def __init__(self, store: EventStore, after: Head) -> None:
        self._store = store
        self.first, self.head = after.seq + 1, after

    def read_to(self, last: int) -> Iterator[bytes]:
        """See `LineReader.read_to`."""
        lines: list[bytes] = []
        length_bytes = 0
        for entry in self._store.read(self.head.seq + 1, last):
            lines.append(_ENCODER.encode(entry) + b"\n")
            length_bytes += len(lines[-1])
            self.head = Head(entry.seq, entry.hash)
            if length_bytes >= _BLOCK_BYTES:
                yield b"".join(lines)
                lines, length_bytes = [], 0
        if lines:
            yield b"".join(lines)


class SegmentLineReader:
    """The lines of a ledger in files as they stand there, each checked against the chain.

    Args:
        ledger: its folder.
        after: the known entry.
        segment_entries: how many entries a segment holds.
        offset: where the next line begins, if that is not the beginning of a segment.

    Attributes:
        first: the first entry that is returned.
        head: the last entry that was returned.
        segment_bytes: the length of the segment that was read last.
    """

    def __init__(self, ledger: Path, after: Head, segment_entries: int, offset: int = 0) -> None:
        self._ledger, self._segment_entries = ledger, segment_entries
        self.first, self.head, self._offset = after.seq + 1, after, offset
        self.segment_bytes = 0

    def read_to(self, last: int) -> Iterator[bytes]:
        """Blocks of whole lines up to entry `last`; see `LineReader.read_to`."""
        while self.head.seq < last:
            seq = self.head.seq + 1
            path = segment_of(self._ledger, seq, self._segment_entries)
            stop = min(last, first_of(seq, self._segment_entries) + self._segment_entries - 1)
            self._offset = self._offset if seq % self._segment_entries else 0
            with segment_descriptor(path, seq) as fd:
                size = self.segment_bytes = os.fstat(fd).st_size
                for lines in line_blocks(fd, self._offset, size):
                    yield self._checked(path, lines, stop)
                    if self.head.seq == stop:
                        break
                else:
                    raise Corrupt(path, size, self.head.seq + 1, "this entry", "the end of the file")

    def _checked(self, path: Path, lines: LineBlock, stop: int) -> bytes:
        """The block's lines up to entry `stop`, checked against the chain."""
        seq = self.head.seq + 1
        raw, wanted = lines.raw, stop - seq + 1
        if not lines.whole:
            raise Corrupt(path, lines.offset, seq, "a whole line", f"{len(raw)} bytes without an end")
        if raw.count(b"\n") > wanted:
            raw = b"\n".join(raw.split(b"\n", wanted)[:wanted]) + b"\n"
        try:
            self.head = head_after(check_lines(raw, seq, self.head.hash))
        except BadLine as bad:
            raise Corrupt(path, lines.offset + bad.offset, bad.seq, bad.expected, bad.found) from None
        self._offset = lines.offset + len(raw)
        return raw


def check_segment(ledger: Path, before: Head, segment_entries: int) -> tuple[Head, str]:
    """Check every line of the full segment that follows entry `before`, in bounded memory.

    Returns:
        Its last entry, and the SHA-256 of what was checked, in hex.

    Raises:
        Corrupt: the segment is not what the chain says, or has more bytes behind its last line.
        Archived: it is archived, and cannot be read there.
    """
    reader = SegmentLineReader(ledger, before, segment_entries)
    length_bytes, digest = 0, hashlib.sha256()
    for block in reader.read_to(before.seq + segment_entries):
        length_bytes += len(block)
        digest.update(block)
    path = segment_of(ledger, before.seq + 1, segment_entries)
    size = reader.segment_bytes
    if size != length_bytes:
        more = f"{size - length_bytes} bytes more"
        raise Corrupt(path, length_bytes, reader.head.seq + 1, "the end of a full segment", more)
    return reader.head, digest.hexdigest()

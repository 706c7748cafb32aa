"""Writing entries of other processes again that are newer than `HEAD`, so that the next flush includes them.

After a failed flush, the kernel may treat the data that it could not write as written: the data can be read, the next
flush succeeds, and a power failure loses the data. The process whose flush failed has stopped; the next process does
not know of the failure. So entries that are not known to be on disk are never made durable by a flush alone.
"""

from __future__ import annotations

import os
from pathlib import Path

from eventstore.durable import Disk, write_all
from eventstore.entry import BadLine, check_lines, shown, tail_of
from eventstore.errors import Corrupt
from eventstore.segment import LineBlock, find_line, first_of, line_blocks, segment_name
from eventstore.store import GENESIS, Head
from eventstore.tail import Tail


def rewrite(disk: Disk, folder: Path, segment_entries: int, tail: Tail) -> None:
    """Write the entries from `tail.durable` to `tail.head` again, byte for byte, where they stand.

    A crash while it writes changes nothing: each byte is replaced by itself.

    Raises:
        OSError: a file could not be opened or written.
        Corrupt: the bytes are not those that were read before.
    """
    before: Head | None = None
    for first in range(first_of(tail.durable, segment_entries), tail.end.first + 1, segment_entries):
        path = folder / segment_name(first)
        fd = disk.open(path, os.O_RDWR)
        try:
            size = tail.end.offset if first == tail.end.first else os.fstat(fd).st_size
            begin = max(first, tail.durable)
            offset = 0 if begin == first else find_line(fd, first, size, begin)
            if offset is None:
                raise Corrupt(path, 0, begin, "this entry", "a line that does not say its position")
            for block in line_blocks(fd, offset, size):
                before = _checked(path, block, begin if before is None else before.seq + 1, before)
                write_all(disk, fd, block.raw, block.offset)
        finally:
            os.close(fd)
    if before != tail.head:
        found = "nothing" if before is None else f"entry {before.seq}, {before.hash}"
        path = folder / segment_name(tail.end.first)
        raise Corrupt(path, tail.end.offset, tail.head.seq, f"entry {tail.head.seq}, {tail.head.hash}", found)


def _checked(path: Path, block: LineBlock, seq: int, before: Head | None) -> Head:
    """The last of these entries, which must follow `before`; if that is None, the first `prev` is not checked.

    Raises:
        Corrupt: the lines are not whole, or not the entries that must stand here.
    """
    if not block.whole:
        raise Corrupt(path, block.offset, seq, "a whole line", shown(block.raw))
    opening = tail_of(block.raw.partition(b"\n")[0])
    prev = before.hash if before else opening.prev if opening else GENESIS
    try:
        last = check_lines(block.raw, seq, prev)[-1]
    except BadLine as bad:
        raise Corrupt(path, block.offset + bad.offset, bad.seq, bad.expected, bad.found) from None
    return Head(last.seq, last.hash)

"""The beginning of the segment that is not full yet: projected as well, once it is long enough to be worth it.

Without it, every connection would read and check up to a whole segment of lines; with it, a few thousand. It is
believed if the segment still begins with the very bytes that were checked when it was made. The longer it
has grown, the more it says: it is made anew whenever it lags too far behind, until the segment is full.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from eventstore.regular_file import open_regular
from projections.files.fingerprint import is_same
from projections.files.ledger_lines import LineReader
from projections.files.manifest import KINDS, Beginning
from projections.files.parquet import ParquetMaker
from projections.files.segments import Sealed, Source

LAG_ENTRIES = 8_192
"""To read and check so many lines takes a connection some 50 ms; making the projection, several times that."""
_BLOCK_BYTES = 1 << 20


def lags(sealed: Sealed, source: Source) -> bool:
    """Whether so much came after the projections that the beginning is to be made anew."""
    return source.head.seq - sealed.head.seq >= LAG_ENTRIES


def valid_active_segment(
    sealed: Sealed, source: Source, made: Beginning | None, *, digested: bool
) -> Beginning | None:
    """What was made, if it is of the segment after these, and that still begins with the same bytes.

    Its files count if their stamps are as they were, and if `digested`, also if their digests are.
    """
    if made is None or (made.first, made.prev) != (sealed.full.head.seq + 1, sealed.full.head.hash):
        return None
    if made.last > source.head.seq or len(sealed.segments) < len(source.firsts):
        return None
    for kind in KINDS:
        file = made.files.get(kind)
        if file is None:
            return None
        path = sealed.folder.beginning(kind, made.first, made.last)
        if not is_same(path, file.stamp, file.sha256, digested):
            return None
    return made if _digest(source.segment(made.first), made.bytes) == made.sha256 else None


def make_beginning(sealed: Sealed, source: Source) -> Beginning:
    """Check the lines after the full segments, and project them; the lock is held.

    Raises:
        Corrupt: one of them is not what the chain says.
        OSError: the folder cannot be written.
    """
    before = sealed.full
    reader = LineReader(source.ledger, before.head, source.segment_entries)
    digest, length_bytes = hashlib.sha256(), 0
    with _lines_in_memory() as lines:
        for block in reader.read_to(source.head.seq):
            digest.update(block)
            os.pwrite(lines, block, length_bytes)
            length_bytes += len(block)
        maker = ParquetMaker()
        try:
            made = maker.make(
                f"/proc/self/fd/{lines}",
                before.carried_sql(),
                lambda kind: sealed.folder.beginning(kind, reader.first, reader.head.seq),
            )
        finally:
            maker.close()
    return Beginning(
        first=reader.first,
        prev=before.head.hash,
        last=reader.head.seq,
        hash=reader.head.hash,
        bytes=length_bytes,
        sha256=digest.hexdigest(),
        carried=made.carried,
        files=made.files,
    )


@contextmanager
def _lines_in_memory() -> Iterator[int]:
    """A file of whole lines: the segment itself may end in the middle of one."""
    fd = os.memfd_create("beginning", os.MFD_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def _digest(path: Path, length_bytes: int) -> str:
    """SHA-256 of so many bytes from the beginning of a file on, in hex; empty if there are fewer."""
    digest, left = hashlib.sha256(), length_bytes
    with suppress(OSError), open(open_regular(path), "rb", buffering=0) as file:
        while left and (block := file.read(min(left, _BLOCK_BYTES))):
            digest.update(block)
            left -= len(block)
    return "" if left else digest.hexdigest()

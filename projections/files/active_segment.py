"""The active segment, the one that is not full yet: projected as well, once it is long enough to be worth it.

Without it, every connection would read and check up to a whole segment of lines; with it, a few thousand. It is
valid if the segment still begins with the very bytes that were checked when it was made. The longer it
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
from projections.files.ledger_lines import SegmentLineReader
from projections.files.manifest import KINDS, ActiveSegment
from projections.files.parquet import ParquetMaker
from projections.files.segments import LedgerSegments, ValidProjections

LAG_ENTRIES = 8_192
"""To read and check so many lines takes a connection some 50 ms; making the projection, several times that."""
_BLOCK_BYTES = 1 << 20


def lags(valid: ValidProjections, ledger: LedgerSegments) -> bool:
    """Whether so much came after the projections that the projection of the active segment is to be made anew."""
    return ledger.head.seq - valid.head.seq >= LAG_ENTRIES


def valid_active_segment(
    valid: ValidProjections, ledger: LedgerSegments, made: ActiveSegment | None, *, digested: bool
) -> ActiveSegment | None:
    """What was made, if it is of the segment after these, and that still begins with the same bytes.

    Its files count if their stamps are as they were, and if `digested`, also if their digests are.
    """
    if made is None or (made.first, made.prev) != (valid.full.head.seq + 1, valid.full.head.hash):
        return None
    if made.last > ledger.head.seq or len(valid.segments) < len(ledger.firsts):
        return None
    for kind in KINDS:
        file = made.files.get(kind)
        if file is None:
            return None
        path = valid.folder.active_parquet(kind, made.first, made.last)
        if not is_same(path, file.stamp, file.sha256, digested):
            return None
    return made if _digest(ledger.segment(made.first), made.bytes) == made.sha256 else None


def project_active_segment(valid: ValidProjections, ledger: LedgerSegments) -> ActiveSegment:
    """Check the lines after the full segments, and project them; the lock is held.

    Raises:
        Corrupt: one of them is not what the chain says.
        OSError: the folder cannot be written.
    """
    before = valid.full
    reader = SegmentLineReader(ledger.folder, before.head, ledger.segment_entries)
    digest, length_bytes = hashlib.sha256(), 0
    with _lines_in_memory() as lines:
        for block in reader.read_to(ledger.head.seq):
            digest.update(block)
            os.pwrite(lines, block, length_bytes)
            length_bytes += len(block)
        maker = ParquetMaker()
        try:
            made = maker.make(
                f"/proc/self/fd/{lines}",
                before.carried_sql(),
                lambda kind: valid.folder.active_parquet(kind, reader.first, reader.head.seq),
            )
        finally:
            maker.close()
    return ActiveSegment(
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

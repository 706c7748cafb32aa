"""The projection of the active segment, which is not full yet; it is made once the segment is long enough.

Without this projection, every connection would read and check up to a whole segment of lines; with it, a few
thousand. It is valid if the segment still begins with exactly the bytes that were checked when it was made. It is
made anew whenever it lags too far behind the segment, until the segment is full.
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
"""Reading and checking this many lines takes a connection about 50 ms; making the projection takes longer."""
_BLOCK_BYTES = 1 << 20


def lags(valid: ValidProjections, ledger: LedgerSegments) -> bool:
    """Whether the projection of the active segment must be made anew, because many entries came after it."""
    return ledger.head.seq - valid.head.seq >= LAG_ENTRIES


def valid_active_segment(
    valid: ValidProjections, ledger: LedgerSegments, made: ActiveSegment | None, *, digested: bool
) -> ActiveSegment | None:
    """The recorded projection, if it is of the segment after `valid` and that still begins with the same bytes.

    Its files are valid if their stamps are as recorded; with `digested`, also if their digests are.
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
    """Check the lines after the full segments, and project them; the caller holds the lock.

    Raises:
        Corrupt: a line is not what the chain says.
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
    """A file in memory for whole lines; the segment itself may end in the middle of one."""
    fd = os.memfd_create("beginning", os.MFD_CLOEXEC)
    try:
        yield fd
    finally:
        os.close(fd)


def _digest(path: Path, length_bytes: int) -> str:
    """The SHA-256 of the first `length_bytes` of a file, in hex; empty if the file is shorter."""
    digest, left = hashlib.sha256(), length_bytes
    with suppress(OSError), open(open_regular(path), "rb", buffering=0) as file:
        while left and (block := file.read(min(left, _BLOCK_BYTES))):
            digest.update(block)
            left -= len(block)
    return "" if left else digest.hexdigest()

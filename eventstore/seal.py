"""The seal of a full segment: a small file that says what the segment holds, so that it can be compared.

`<first>.seal` is one line of JSON: the segment's first entry, how many entries it holds, its length in bytes, the
SHA-256 of the whole file (as `sha256sum` prints it), the hash of its last entry, and, as in an entry, the
hash of the line's own bytes before `,"hash":`. Readers accept members that they do not know. A missing seal is no
damage: the next process that has the ledger open writes it. A seal that contradicts its segment, or itself, is
damage: the length is compared whenever a ledger is opened, and everything is compared by a verification.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from hashlib import sha256
from pathlib import Path

import msgspec

from eventstore.durable import Disk, write_file
from eventstore.entry import LINE_BYTES_MAX, seq_of, tail_of
from eventstore.errors import Corrupt
from eventstore.own_hash import read_with_own_hash, with_own_hash
from eventstore.regular_file import open_regular
from eventstore.segment import first_of, line_before, seal_name, segment_name

_READ_BYTES = 1024 * 1024


class Seal(msgspec.Struct, frozen=True, kw_only=True):
    """What a full segment holds.

    Attributes:
        first: the segment's first entry.
        count: how many entries the segment holds.
        bytes: the length of its file.
        sha256: the digest of its file.
        last: the hash of its last entry.
    """

    first: int
    count: int
    bytes: int
    sha256: str
    last: str


def read_seal(folder: Path, first: int) -> Seal | None:
    """A segment's seal; None if it has none.

    Raises:
        ValueError: the seal cannot be read, or its bytes are not those that were written.
    """
    return read_with_own_hash(f"{folder}/{seal_name(first)}", Seal)


def sound_seal(folder: Path, first: int) -> Seal | None:
    """A segment's seal, one that cannot be read being damage; None if it has none.

    Raises:
        Corrupt: it is not as it was written.
        OSError: it cannot be read.
    """
    try:
        return read_seal(folder, first)
    except ValueError as error:
        raise Corrupt(folder / seal_name(first), 0, first, "a seal", str(error)) from None


class SealInProgress:
    """The making of the seal of a full segment; every process that makes it writes the same bytes.

    The segment is hashed slice by slice: hashing it at once would delay a scheduler by about 25 ms.

    Raises:
        OSError: the segment cannot be read or flushed now.
    """

    def __init__(self, disk: Disk, folder: Path, first: int, count: int) -> None:
        self._disk, self._folder, self._first, self._count = disk, folder, first, count
        self._digest, self._size = sha256(), 0
        self._segment = open(open_regular(folder / segment_name(first)), "rb")  # noqa: SIM115 - open until all of it is hashed
        try:
            # With `fsync: never` the segment may not be on disk, and a seal may exist only if its segment is.
            disk.fdatasync(self._segment.fileno())
        except BaseException:
            self.close()
            raise

    def advance(self, budget_bytes: int | None) -> bool:
        """Hash about `budget_bytes` more bytes (None: to the end); True if the seal is done.

        A segment whose last line is not its last entry gets no seal.

        Raises:
            OSError: the segment cannot be read, or the seal cannot be written, now.
        """
        left = budget_bytes
        while left is None or left > 0:
            chunk = self._segment.read(_READ_BYTES)
            if not chunk:
                self._finish()
                return True
            self._digest.update(chunk)
            self._size += len(chunk)
            left = None if left is None else left - len(chunk)
        return False

    def close(self) -> None:
        """Close the segment, whether the seal is done or not."""
        self._segment.close()

    def _finish(self) -> None:
        found = line_before(self._segment.fileno(), self._size) if self._size else None
        last = tail_of(found[1]) if found else None
        if last is None or last.seq != self._first + self._count - 1:
            return
        seal = Seal(
            first=self._first,
            count=self._count,
            bytes=self._size,
            sha256=self._digest.hexdigest(),
            last=last.hash,
        )
        write_file(self._disk, self._folder / seal_name(self._first), with_own_hash(seal))


class SegmentSealer:
    """Seals the full segments of a ledger, whichever process filled them; a failure is left for later."""

    def __init__(self, disk: Disk, folder: Path, segment_entries: int) -> None:
        self._disk, self._folder, self._count = disk, folder, segment_entries
        self._unsealed: list[int] = []
        self._looked_to = 0
        self._sealing: SealInProgress | None = None

    def advance(self, next_seq: int, budget_bytes: int | None) -> None:
        """Continue with one segment, for about `budget_bytes` (None: seal all segments).

        Args:
            next_seq: the entry after the last one; segments that end before it are full.
            budget_bytes: how much is hashed at most.
        """
        end = first_of(next_seq, self._count)
        if self._looked_to < end:
            self._unsealed += unsealed(self._folder, self._looked_to, end, self._count)
            self._looked_to = end
        try:
            while self._unsealed:
                if self._sealing is None:
                    self._sealing = SealInProgress(self._disk, self._folder, self._unsealed[0], self._count)
                if not self._sealing.advance(budget_bytes):
                    return
                self.close()
                del self._unsealed[0]
                if budget_bytes is not None:
                    return
        except OSError:
            self.close()

    def close(self) -> None:
        """Abandon the seal that is being made, if any."""
        if self._sealing is not None:
            self._sealing.close()
            self._sealing = None


def check_lengths(folder: Path, firsts: Sequence[int]) -> None:
    """Check that each sealed segment is as long as its seal says, reading none of them.

    A segment is sealed when it is full and on disk, and never written again. So at no moment, and after no crash,
    does a sealed segment have another length. The check costs about 15 microseconds a segment.

    Args:
        folder: the ledger.
        firsts: its segments, by their first entries.

    Raises:
        Corrupt: a segment was cut or has grown, or its seal is not as it was written.
        OSError: the length of a segment cannot be read.
    """
    for first in firsts:
        seal = sound_seal(folder, first)
        if seal is None:
            continue
        size = os.stat(f"{folder}/{segment_name(first)}").st_size
        if size != seal.bytes:
            raise _other_length(folder / segment_name(first), seal, size)


def _other_length(path: Path, seal: Seal, size: int) -> Corrupt:
    """The damage of a segment that is not as long as its seal says, with the first missing entry, if any."""
    offset, seq = seal.bytes, seal.first + seal.count
    if size < seal.bytes:
        with open(open_regular(path), "rb") as segment:
            begin = max(0, size - LINE_BYTES_MAX)
            end = begin + os.pread(segment.fileno(), size - begin, begin).rfind(b"\n") + 1
            found = line_before(segment.fileno(), end) if end > begin else None
        last_seq = seq_of(found[1]) if found else None
        offset, seq = (0, seal.first) if last_seq is None else (end, last_seq + 1)
    return Corrupt(path, offset, seq, f"{seal.bytes:,} bytes, as its seal says", f"{size:,} bytes")


def unsealed(folder: Path, begin: int, before: int, count: int) -> list[int]:
    """The full segments without a seal, from the one that begins with entry `begin` to entry `before`."""
    return [
        first
        for first in range(begin, before - before % count, count)
        if not os.path.exists(f"{folder}/{seal_name(first)}")
    ]

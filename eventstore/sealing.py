"""The sealing of full segments: any process that has the ledger open to write seals what any process has filled."""

from __future__ import annotations

import os
from hashlib import sha256
from pathlib import Path

from eventstore.durable import Disk, write_file
from eventstore.entry import tail_of
from eventstore.own_hash import with_own_hash
from eventstore.regular_file import open_regular
from eventstore.seal import Seal
from eventstore.segment import first_of, line_before, seal_name, segment_name

_READ_BYTES = 1024 * 1024


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


def unsealed(folder: Path, begin: int, before: int, count: int) -> list[int]:
    """The full segments without a seal, from the one that begins with entry `begin` to entry `before`."""
    return [
        first
        for first in range(begin, before - before % count, count)
        if not os.path.exists(f"{folder}/{seal_name(first)}")
    ]

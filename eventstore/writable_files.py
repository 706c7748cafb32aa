"""`WritableFiles`: the files in which entries are kept, as a process that adds entries has them open."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from eventstore.commit import Fsync, Writer
from eventstore.durable import Disk
from eventstore.entry_files import EntryFiles
from eventstore.errors import LedgerError, Poisoned, TornTail, Unavailable
from eventstore.genesis import LedgerCreated
from eventstore.recovery import set_aside
from eventstore.sealing import SegmentSealer

_SEALED_PER_TICK_BYTES = 4 * 1024 * 1024
"""At most this much of a segment is hashed in one tick, which takes a few milliseconds."""


class WritableFiles(EntryFiles):
    """The files of a ledger in a folder, opened by one process and one thread to append to them.

    Attributes:
        folder: where they are.
    """

    def __init__(self, folder: Path, fsync: Fsync, disk: Disk) -> None:
        super().__init__(folder, disk, writable=True)
        self._fsync: Fsync = fsync
        self._pid = os.getpid()

    def tick(self) -> None:
        """Do what is due about once a second: flush what `everysec` left, and `HEAD`; seal a full segment.

        Raises:
            Poisoned: a flush failed.
            Unavailable: the folder was moved or replaced, so that new entries would be written to no ledger.
            OSError: the system does not tell whether it was.
        """
        self._check_writable()
        if not self._lock.is_in_place():
            raise Unavailable(f"{self.folder}: the ledger was moved away or replaced while it was in use")
        if self._fsync == "everysec":
            # Another process may hold the lock for a moment: the next tick tries again.
            with contextlib.suppress(Unavailable):
                self._flush()
        self._writer.flush_head()
        self._sealer.advance(self._tail.head.seq + 1, _SEALED_PER_TICK_BYTES)

    def close(self) -> None:
        """Make everything durable and close the files. Calling it again does nothing.

        Raises:
            Poisoned: a flush failed.
        """
        if self._closed:
            return
        try:
            if self._pid == os.getpid() and self._writer.poisoned is None:
                self._flush()
                self._writer.flush_head()
                self._sealer.advance(self._tail.head.seq + 1, None)
        finally:
            self._close_files()

    def _set_up(self, created: LedgerCreated) -> None:
        super()._set_up(created)
        count = created.entries_per_segment
        self._writer = Writer(self.folder, count, self._disk, self._tail, self._head_file, self._fsync)
        self._sealer = SegmentSealer(self._disk, self.folder, count)

    def _cut(self, torn: TornTail) -> None:
        """Under the lock, set aside what a crash left behind the last entry, and cut it off."""
        tail = self._tail
        assert tail.fd is not None, "a torn tail is in a segment"
        set_aside(self._disk, self.folder, torn, tail.fd)
        self._writer.cut(tail.fd, torn.offset)
        tail.settle()

    def _flush(self) -> None:
        """Make all entries durable; this takes the lock, because `HEAD` is written."""
        if self._tail.durable > self._tail.head.seq:
            return
        try:
            with self._lock:
                self._writer.flush()
        except OSError as error:
            raise Unavailable(f"{self.folder} cannot be locked: {error.strerror or error}") from error

    def _check_writable(self) -> None:
        if self._closed:
            raise LedgerError(f"{self.folder}: the ledger is closed")
        if self._pid != os.getpid():
            raise LedgerError("a forked process opens the ledger for itself: it shares its parent's lock")
        if self._writer.poisoned is not None:
            raise Poisoned(self._writer.poisoned)

    def _close_files(self) -> None:
        if hasattr(self, "_sealer"):
            self._sealer.close()
        super()._close_files()

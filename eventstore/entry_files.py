"""`EntryFiles`: the files in which entries are kept, as one process has them open: what a journal and a mirror share.

Whoever composes entries is a journal; whoever only keeps entries that were committed elsewhere is a mirror. Both have
the same files, the same lock, the same end that others may move, and are read in the same way.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Self

from eventstore.commit import Fsync, Writer
from eventstore.durable import Disk
from eventstore.errors import LedgerError, Poisoned, TornTail, Unavailable
from eventstore.genesis import LedgerCreated
from eventstore.head import HeadFile
from eventstore.lock import LOCK_NAME, FileLock
from eventstore.reader import read_entries
from eventstore.recovery import set_aside
from eventstore.reverse_reader import read_backwards
from eventstore.seal import SegmentSealer
from eventstore.store import Entry, Head
from eventstore.tail import LineEnd, Tail

_SEALED_PER_TICK_BYTES = 4 * 1024 * 1024
"""At most this much of a segment is hashed in one tick, which takes a few milliseconds."""


class EntryFiles:
    """The files of a ledger in a folder, opened by one process and one thread.

    Attributes:
        folder: where they are.
    """

    def __init__(self, folder: Path, fsync: Fsync, disk: Disk, *, read_only: bool) -> None:
        self.folder, self._disk = folder, disk
        self._fsync: Fsync = fsync
        self._read_only = read_only
        self._pid = os.getpid()
        self._closed = False
        self._lock = FileLock(folder / LOCK_NAME, disk, writable=not read_only)
        self._head_file = HeadFile(folder, disk, writable=not read_only)

    @property
    def ledger_id(self) -> str:
        """The identity of the ledger: 32 hex digits."""
        return self._created.ledger

    @property
    def segment_entries(self) -> int:
        """How many entries a segment of this ledger holds."""
        return self._created.entries_per_segment

    def head(self) -> Head:
        """The last entry that this process knows of."""
        return self._tail.head

    def refresh(self) -> Head:
        """The last entry now, after looking at what others have appended.

        New lines are read while no process writes: a line that is seen here is committed, and stays.

        Raises:
            Corrupt: what was appended is damaged.
            Unavailable: the ledger cannot be read now.
        """
        if self._tail.changed():
            self._look()
        return self._tail.head

    def read(self, first: int, last: int | None = None) -> Iterator[Entry]:
        """Entries `first` to `last`; see `EventStore.read`."""
        end = self._tail.head.seq if last is None else min(last, self._tail.head.seq)
        first = max(first, 0)
        if first > end:
            return iter(())
        return self._tail.recent.since(first, end) or self._read(first, end)

    def _read(self, first: int, last: int) -> Iterator[Entry]:
        try:
            yield from read_entries(self.folder, self.segment_entries, self._tail, first, last)
        except OSError as error:
            raise Unavailable(f"{self.folder} cannot be read: {error.strerror or error}") from error

    def read_backwards(self, before: int | None = None) -> Iterator[Entry]:
        """The entries before entry `before`, the newest one first; see `EventStore.read_backwards`."""
        return self._read_backwards(self._tail.head, self._tail.end, before)

    def _read_backwards(self, head: Head, known: LineEnd, before: int | None) -> Iterator[Entry]:
        if before is not None and before <= head.seq:
            if before <= 0:
                return
            # Entry `before` names the hash of the first wanted entry as its `prev`, and is itself checked.
            (excluded,) = self.read(before, before)
            head = Head(before - 1, excluded.prev)
        try:
            yield from read_backwards(self.folder, self.segment_entries, head, known)
        except OSError as error:
            raise Unavailable(f"{self.folder} cannot be read: {error.strerror or error}") from error

    def follow(self, first: int) -> Iterator[Entry]:
        """Entries from `first` on until there are no more at present; see `EventStore.follow`."""
        while first <= self.refresh().seq:
            for entry in self.read(first):
                first = entry.seq + 1
                yield entry

    def tick(self) -> None:
        """Do what is due about once a second: flush what `everysec` left, and `HEAD`; seal a full segment.

        Raises:
            Poisoned: a flush failed.
            Unavailable: the folder was moved or replaced, so that new entries would be written to no ledger.
            OSError: the system does not tell whether it was.
        """
        if self._read_only:
            return
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
            if not self._read_only and self._pid == os.getpid() and self._writer.poisoned is None:
                self._flush()
                self._writer.flush_head()
                self._sealer.advance(self._tail.head.seq + 1, None)
        finally:
            self._close_files()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _begin(self, created: LedgerCreated, signed_entries: int) -> None:
        """Find the entry that `HEAD` names.

        Args:
            created: what entry 0 says, or will say.
            signed_entries: so many entries must be there, since a checkpoint of them was signed.
        """
        self._created = created
        count, writable = created.entries_per_segment, not self._read_only
        self._tail = Tail(self.folder, count, self._disk, self._head_file, writable=writable)
        self._writer = Writer(self.folder, count, self._disk, self._tail, self._head_file, self._fsync)
        self._sealer = SegmentSealer(self._disk, self.folder, count)
        self._tail.start(signed_entries)

    def _cut(self, torn: TornTail) -> None:
        """Under the lock, set aside what a crash left behind the last entry, and cut it off."""
        tail = self._tail
        assert tail.fd is not None, "a torn tail is in a segment"
        set_aside(self._disk, self.folder, torn, tail.fd)
        self._writer.cut(tail.fd, torn.offset)
        tail.settle()

    def _look(self) -> None:
        try:
            settled = self._lock.share()
            try:
                self._tail.grow(settled=settled)
            finally:
                self._lock.release()
        except OSError as error:
            raise Unavailable(f"{self.folder} cannot be read: {error.strerror or error}") from error

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
        if self._read_only:
            raise Unavailable(f"{self.folder} was opened to be read only")
        if self._pid != os.getpid():
            raise LedgerError("a forked process opens the ledger for itself: it shares its parent's lock")
        if self._writer.poisoned is not None:
            raise Poisoned(self._writer.poisoned)

    def _close_files(self) -> None:
        self._closed = True
        if hasattr(self, "_tail"):
            self._sealer.close()
            self._tail.close()
        self._head_file.close()
        self._lock.close()

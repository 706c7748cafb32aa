"""`EntryFiles`: the files in which entries are kept, as one process has them open to read.

Who only reads them is a `LedgerReader`. Whoever composes entries is a journal; whoever only keeps entries that were
committed elsewhere is a mirror. All have the same files, the same lock, the same end that others may move, and are
read in the same way.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Self

from eventstore.durable import Disk
from eventstore.errors import Unavailable
from eventstore.genesis import LedgerCreated
from eventstore.head import HeadFile
from eventstore.lock import LOCK_NAME, FileLock
from eventstore.reader import read_entries
from eventstore.store import Entry, Head
from eventstore.tail import LineEnd, Tail


@contextmanager
def opening(folder: Path) -> Iterator[ExitStack]:
    """Open the files of a ledger: if that fails, what was put on the stack meanwhile is closed again.

    Raises:
        Unavailable: the system refused something.
    """
    with ExitStack() as opened:
        try:
            yield opened
        except OSError as error:
            raise Unavailable(f"{error.filename or folder}: {error.strerror or error}") from error
        opened.pop_all()


class EntryFiles:
    """The files of a ledger in a folder, opened by one process and one thread.

    Attributes:
        folder: where they are.
    """

    def __init__(self, folder: Path, disk: Disk, *, writable: bool) -> None:
        self.folder, self._disk, self._writable = folder, disk, writable
        self._closed = False
        self._lock = FileLock(folder / LOCK_NAME, disk, writable=writable)
        self._head_file = HeadFile(folder, disk, writable=writable)

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
        # Most look at the end of a ledger, or read it forwards.
        from eventstore.reverse_reader import read_backwards

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

    def close(self) -> None:
        """Close the files. Calling it again does nothing."""
        if not self._closed:
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
        self._set_up(created)
        self._tail.start(signed_entries)

    def _set_up(self, created: LedgerCreated) -> None:
        """Make what needs to know how many entries a segment holds."""
        self._created = created
        count = created.entries_per_segment
        self._tail = Tail(self.folder, count, self._disk, self._head_file, writable=self._writable)

    def _look(self) -> None:
        try:
            settled = self._lock.share()
            try:
                self._tail.grow(settled=settled)
            finally:
                self._lock.release()
        except OSError as error:
            raise Unavailable(f"{self.folder} cannot be read: {error.strerror or error}") from error

    def _close_files(self) -> None:
        self._closed = True
        if hasattr(self, "_tail"):
            self._tail.close()
        self._head_file.close()
        self._lock.close()

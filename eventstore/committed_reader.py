"""The committed entries of a ledger, read without its lock.

A process that reads what is new usually holds the writer lock, shared, for that moment. On a busy machine the kernel
may suspend a process of low priority while it holds the lock, and the scheduler would wait for it. So this reader
takes no lock. It reads up to the entry that `HEAD` names. If `HEAD` is written later (`fsync: everysec`, `never`), it
also reads entries that have stood there for `SETTLED_S`: a write that failed would have been taken back by then. A
line that looks damaged without the lock may be one that is being written; it is read again, the last time with the
lock.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from eventstore.durable import Disk
from eventstore.errors import Corrupt
from eventstore.head import HeadFile
from eventstore.ledger_reader import LedgerReader
from eventstore.lock import LOCK_NAME
from eventstore.store import Entry

_LOOKS: Final = 5
_PAUSE_S: Final = 0.01
SETTLED_S: Final = 0.1
"""Entries that have stood for this long are committed: a writer takes a failed write back at once."""


class _Lockless(Disk):
    """A disk on which there is no lock, as in a copy of a ledger."""

    def open(self, path: Path, flags: int) -> int:
        """Open a file, unless it is the lock."""
        if path.name == LOCK_NAME:
            raise FileNotFoundError(path)
        return super().open(path, flags)


class CommittedReader:
    """The committed end of a ledger.

    Attributes:
        pending: whether there were more entries that may not be committed yet; `refresh` tells in a moment.

    Raises:
        NoLedger, Corrupt, NewerFormat, Unavailable: it cannot be read.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._disk = _Lockless()
        self._ledger = self._opened()
        self._head_file = HeadFile(folder, self._disk, writable=False)
        self._settled = -1
        self._seen = (-1, time.monotonic())
        self.pending = False

    @property
    def ledger_id(self) -> str:
        """The identity of the ledger: 32 hex digits."""
        return self._ledger.ledger_id

    @property
    def newest_seq(self) -> int:
        """The last entry that could be read, committed or not; -1 if there is none."""
        return self._ledger.head().seq

    def refresh(self) -> int:
        """The last entry that is committed now, by its seq; -1 if there is none.

        Raises:
            Corrupt, Unavailable: the ledger is damaged, or cannot be read.
        """
        try:
            head = self._ledger.refresh().seq
        except Corrupt:
            self._ledger.close()
            self._ledger = self._opened()
            head = self._ledger.head().seq
            self._seen = (-1, time.monotonic())
        slot = self._head_file.read()
        # Without a slot, this is a ledger that has just been created, or a copy.
        if slot is None:
            self._head_file.close()
            self._head_file = HeadFile(self._folder, self._disk, writable=False)
            return head
        seen, at_s = self._seen
        if time.monotonic() - at_s >= SETTLED_S:
            self._settled, self._seen = max(self._settled, seen), (head, time.monotonic())
        committed = min(head, max(slot.seq, self._settled))
        self.pending = committed < head
        return committed

    def read(self, first: int) -> Iterator[Entry]:
        """The committed entries from `first` on.

        Raises:
            Corrupt: an entry on the way does not stand where the chain says.
        """
        return self._ledger.read(first, self.refresh())

    def close(self) -> None:
        """Close all files."""
        self._ledger.close()
        self._head_file.close()

    def _opened(self) -> LedgerReader:
        for _ in range(_LOOKS - 1):
            try:
                return LedgerReader.open(self._folder, disk=self._disk)
            except Corrupt:
                time.sleep(_PAUSE_S)
        return LedgerReader.open(self._folder)

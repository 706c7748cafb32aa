"""`LedgerReader`: the ledger in a folder as those have it open who only read it, such as most commands.

It needs nothing of what composes, writes and recovers, and loads none of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn, Self

from eventstore.durable import REAL, Disk
from eventstore.entry_files import EntryFiles, opening
from eventstore.errors import LedgerError, NoLedger, TornTail, Unavailable
from eventstore.genesis import new_creation, read_creation, require_ledger
from eventstore.kept_sizes import largest_size
from eventstore.lock import LOCK_PATIENCE_S
from eventstore.store import Event, Head


class LedgerReader(EntryFiles):
    """A ledger in a folder, to read only: `EventStore`, and `LedgerFiles`, of which nothing is ever written.

    It sees what other processes append meanwhile. Opening does not read the history: it costs the same however long
    the ledger is, except that the length of each segment is compared with its seal.

    Attributes:
        folder: where the ledger is.
        ledger_id: the identity of the ledger, 32 hex digits, from entry 0.
    """

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        disk: Disk = REAL,
        patience_s: float | None = None,
        opening_patience_s: float | None = LOCK_PATIENCE_S,
    ) -> LedgerReader:
        """Open the ledger in a folder. Nothing is repaired, so a copy that may only be read can be opened.

        Args:
            folder: where the ledger is.
            disk: the system calls.
            patience_s: once it is open, so long is another process waited for at most; None: as long as it takes.
            opening_patience_s: the same until it is open.

        Raises:
            NoLedger: there is none.
            NewerFormat: it is in a format that this version does not know.
            Corrupt: it is damaged.
            Unavailable, LockHeld: it cannot be read now.
        """
        with opening(folder) as opened:
            require_ledger(folder)
            reader = cls(folder, disk, writable=False)
            opened.callback(reader.close)
            reader._lock.patience_s = opening_patience_s
            reader._open()
        reader._lock.patience_s = patience_s
        return reader

    @property
    def files(self) -> Self:
        """The files in which the ledger is kept."""
        return self

    @property
    def torn(self) -> TornTail | None:
        """What a crash left behind the last entry, if anything; the next process that appends cuts it off."""
        return self._tail.torn

    def append(self, events: Sequence[Event], expected: Head | None = None) -> NoReturn:  # noqa: ARG002 - as every store
        """Refuse to: this process reads only.

        Raises:
            Unavailable: always, as long as the ledger is open.
        """
        if self._closed:
            raise LedgerError(f"{self.folder}: the ledger is closed")
        raise Unavailable(f"{self.folder} was opened to be read only")

    def tick(self) -> None:
        """Do nothing: what is due about once a second is done by those who write."""

    def release_reserve(self) -> None:
        """Do nothing, as in `tick`."""

    def restore_reserve(self) -> bool:
        """Reserve no room."""
        return False

    def _open(self) -> None:
        settled = self._lock.share()
        try:
            created = read_creation(self.folder)
            self._begin(created or new_creation(""), largest_size(self.folder))
            self._tail.grow(settled=settled)
            if created is None:
                raise NoLedger(f"{self.folder}: the ledger here was never completely created")
        finally:
            self._lock.release()

"""`Journal`: the ledger in a folder, to which any number of processes append."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Self

import msgspec

from eventstore.commit import Fsync
from eventstore.durable import REAL, Disk, create_folders
from eventstore.encoder import compose_entries
from eventstore.entry_files import opening
from eventstore.errors import Conflict, TornTail, Unavailable
from eventstore.genesis import new_creation, read_creation, require_ledger
from eventstore.kept_sizes import largest_size
from eventstore.lock import LOCK_PATIENCE_S
from eventstore.moved import MOVED_TYPE, Moved, moved_to_database
from eventstore.recovery import LedgerRecovered, mark_recorded, unrecorded
from eventstore.reserve import DiskReserve
from eventstore.segment import SEGMENT_ENTRIES
from eventstore.store import EMPTY, Entry, Event, Head
from eventstore.writable_files import WritableFiles


def utc_now() -> datetime:
    """The wall clock."""
    return datetime.now(UTC)


class Journal(WritableFiles):
    """A ledger in a folder: `EventStore`, and `LedgerFiles`.

    One object belongs to one process and one thread. Several processes, or several objects in one process, may have
    the same ledger open; one that only reads it has a `LedgerReader`. Opening does not read the history: it costs the
    same however long the ledger is, except that the length of each segment is compared with its seal.

    Attributes:
        folder: where the ledger is.
        ledger_id: the identity of the ledger, 32 hex digits, from entry 0.
        recovered: the torn tail that this object cut last, if any.
    """

    def __init__(
        self,
        folder: Path,
        clock: Callable[[], datetime],
        fsync: Fsync,
        disk: Disk,
        actor: str,
    ) -> None:
        """Not called directly: use `open`."""
        super().__init__(folder, fsync, disk)
        self._clock, self._actor = clock, actor
        self.recovered: LedgerRecovered | None = None
        self._moved_to: str | None = None
        self._looked_seq = -1
        self._reserve = DiskReserve(folder, disk)
        self._may_be_unrecorded = True

    @classmethod
    def open(
        cls,
        folder: Path,
        *,
        software: str,
        clock: Callable[[], datetime] = utc_now,
        fsync: Fsync = "always",
        create: bool = True,
        actor: str = "scheduler",
        disk: Disk = REAL,
        segment_entries: int = SEGMENT_ENTRIES,
        patience_s: float | None = None,
        opening_patience_s: float | None = LOCK_PATIENCE_S,
    ) -> Journal:
        """Open the ledger in a folder.

        A torn tail is cut and recorded before this returns, and then all entries are on disk.

        Args:
            folder: where the ledger is.
            software: name and version of the program, for entry 0 of a ledger that is created.
            clock: gives the time of entries; aware.
            fsync: when entries are made durable.
            create: whether the ledger, its folders included, is created if there is none.
            actor: the actor that creates or recovers the ledger.
            disk: the system calls.
            segment_entries: how many entries a segment of a new ledger holds; an existing one knows its own.
            patience_s: once it is open, so long is another process waited for at most; None: as long as it takes.
            opening_patience_s: the same until it is open.

        Raises:
            NoLedger: there is none, and it was not to be created.
            NewerFormat: it is in a format that this version does not know.
            Corrupt: it is damaged; nothing was written.
            Unavailable, LockHeld: it cannot be read, or created, or repaired now.
            Moved: it lives elsewhere.
            Poisoned: a flush failed.
        """
        with opening(folder) as opened:
            if not create:
                require_ledger(folder)
            create_folders(disk, folder)
            journal = cls(folder, clock, fsync, disk, actor)
            opened.callback(journal._close_files)
            journal._lock.patience_s = opening_patience_s
            journal._open(software, segment_entries)
        journal._lock.patience_s = patience_s
        return journal

    @property
    def files(self) -> Self:
        """The files in which the ledger is kept."""
        return self

    @property
    def torn(self) -> TornTail | None:
        """What a crash left behind the last entry, if anything; the next append cuts it off and records that."""
        return self._tail.torn

    def append(self, events: Sequence[Event], expected: Head | None = None) -> list[Entry]:
        """Record the events, all or none; see `EventStore.append`.

        A crash during the call may leave the first of the entries in the ledger, though none was acknowledged.
        """
        if not events:
            raise ValueError("there is nothing to append")
        self._check_writable()
        try:
            with self._lock:
                self._settle()
                if expected is not None and expected != self._tail.head:
                    raise Conflict(f"the last entry is {self._tail.head.seq}, not {expected.seq}")
                return self._commit(events)
        except OSError as error:
            raise Unavailable(f"{self.folder} cannot be written: {error.strerror or error}") from error

    def release_reserve(self) -> None:
        """Release the reserved room on the disk, so that an entry can record that the disk is full."""
        self._reserve.release()

    def restore_reserve(self) -> bool:
        """Reserve some room on the disk again; False if there is none."""
        return self._reserve.restore()

    def _open(self, software: str, segment_entries: int) -> None:
        with self._lock:
            created = read_creation(self.folder)
            self._begin(created or new_creation(software, segment_entries), largest_size(self.folder))
            self._tail.grow(settled=True)
            self._look_where()
            self._settle()
            self._writer.flush()
        self._reserve.restore()

    def _settle(self) -> None:
        """Under the lock, read what others appended, then cut off and record what a crash left behind that."""
        tail = self._tail
        if tail.changed():
            tail.grow(settled=True)
        if tail.head.seq != self._looked_seq:  # `refresh` may have read on before, and looks at no entry
            self._look_where()
        if self._moved_to is not None:
            raise Moved(self.folder, self._moved_to)
        if tail.torn is not None:
            self._may_be_unrecorded = True
            self._cut(tail.torn)
        if tail.head == EMPTY:
            self._commit([Event(type="ledger.created", actor=self._actor, data=self._created)])
        if self._may_be_unrecorded:
            self._record_recoveries()

    def _look_where(self) -> None:
        """Find out whether the ledger was moved to a database: then nothing is written here any more."""
        seq = self._tail.head.seq
        if seq >= 0:
            self._moved_to = moved_to_database(next(self.read(seq, seq)))
        self._looked_seq = seq

    def _record_recoveries(self) -> None:
        """Append a `ledger.recovered` for everything in quarantine that no entry records yet."""
        for aside in unrecorded(self.folder, self.segment_entries):
            if not self._is_recorded(aside.payload):
                self._commit([Event(type="ledger.recovered", actor=self._actor, data=aside.payload)])
            mark_recorded(self._disk, aside)
            self.recovered = aside.payload
        self._may_be_unrecorded = False

    def _is_recorded(self, payload: LedgerRecovered) -> bool:
        """Whether the entry stands where a recovery writes it: first behind the cut (or behind entry 0)."""
        found = (
            entry for entry in self.read(payload.seq, payload.seq + 1) if entry.type == "ledger.recovered"
        )
        # One that does not fit is an entry of somebody else's, which records nothing.
        with contextlib.suppress(msgspec.ValidationError):
            return any(payload == msgspec.json.decode(entry.data, type=LedgerRecovered) for entry in found)
        return False

    def _commit(self, events: Sequence[Event]) -> list[Entry]:
        tail = self._tail
        lines, entries = compose_entries(events, tail.head, tail.durable, self._clock())
        self._writer.put(lines, b"".join(lines), entries)
        if entries[-1].type != MOVED_TYPE:
            self._looked_seq = entries[-1].seq
        return entries

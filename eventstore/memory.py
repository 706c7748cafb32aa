"""`MemoryStore`: the ledger without a disk, for simulations and for tests of code that uses a ledger.

It composes the same lines as the journal. What is appended is durable at once. So a crash is simulated by another
store that is opened on the same lines (`peer`). `before_commit` and `after_commit` are called at the two moments at
which a crash or a failure makes a difference.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime

import msgspec

from eventstore.encoder import compose_entries
from eventstore.errors import Conflict
from eventstore.genesis import LedgerCreated, new_creation
from eventstore.store import EMPTY, Entry, Event, Head, LedgerFiles

Hook = Callable[[Sequence[Event]], None]


class MemoryStore:
    """A ledger in memory: `EventStore`.

    Attributes:
        files: None, because there are none; a test may set an object that behaves as on a full disk.
        before_commit: called with the events when nothing is recorded yet; if it raises (`Unavailable`,
            `Conflict`, or a simulated crash), nothing is recorded.
        after_commit: called with the events when they are recorded and the caller does not know it yet.
    """

    def __init__(
        self,
        *,
        clock: Callable[[], datetime],
        software: str = "memory",
        ledger_id: str | None = None,
        actor: str = "scheduler",
    ) -> None:
        """Create a ledger that holds its entry 0.

        Args:
            clock: gives the time of entries; aware.
            software: what entry 0 names as the creator.
            ledger_id: 32 hex digits; random if not given.
            actor: who creates it.
        """
        self._clock = clock
        self._entries: list[Entry] = []
        self._lines: list[bytes] = []
        self._head = EMPTY
        self.files: LedgerFiles | None = None
        self.before_commit: Hook | None = None
        self.after_commit: Hook | None = None
        created = new_creation(software)
        if ledger_id is not None:
            created = msgspec.structs.replace(created, ledger=ledger_id)
        self._created: LedgerCreated = created
        self.append([Event(type="ledger.created", actor=actor, data=created)])

    @property
    def ledger_id(self) -> str:
        """The identity of the ledger: 32 hex digits."""
        return self._created.ledger

    def peer(self, *, clock: Callable[[], datetime] | None = None) -> MemoryStore:
        """The same ledger, as if another process had it open: what is appended to one is seen in the other."""
        other = object.__new__(MemoryStore)
        other._clock = clock or self._clock
        other._entries, other._lines, other._created = self._entries, self._lines, self._created
        other._head, other.files = EMPTY, None
        other.before_commit = other.after_commit = None
        other.refresh()
        return other

    def lines(self) -> list[bytes]:
        """The ledger's bytes, line by line, each with its LF."""
        return list(self._lines)

    def head(self) -> Head:
        """The last entry that this store knows of."""
        return self._head

    def refresh(self) -> Head:
        """The last entry now."""
        if self._entries:
            self._head = Head(self._entries[-1].seq, self._entries[-1].hash)
        return self._head

    def append(self, events: Sequence[Event], expected: Head | None = None) -> list[Entry]:
        """Record the events, all or none; see `EventStore.append`."""
        if not events:
            raise ValueError("there is nothing to append")
        head = self.refresh()
        if expected is not None and expected != head:
            raise Conflict(f"the last entry is {head.seq}, not {expected.seq}")
        lines, entries = compose_entries(events, head, head.seq + 1, self._clock())
        if self.before_commit is not None:
            self.before_commit(events)
        self._lines.extend(lines)
        self._entries.extend(entries)
        self.refresh()
        if self.after_commit is not None:
            self.after_commit(events)
        return entries

    def read(self, first: int, last: int | None = None) -> Iterator[Entry]:
        """Entries `first` to `last`; see `EventStore.read`."""
        end = self._head.seq if last is None else min(last, self._head.seq)
        return iter(self._entries[max(first, 0) : end + 1])

    def read_backwards(self, before: int | None = None) -> Iterator[Entry]:
        """The entries before entry `before`, the newest one first; see `EventStore.read_backwards`."""
        end = self._head.seq + 1 if before is None else min(max(before, 0), self._head.seq + 1)
        return reversed(self._entries[:end])

    def follow(self, first: int) -> Iterator[Entry]:
        """Entries from `first` on until there are no more at present; see `EventStore.follow`."""
        while first <= self.refresh().seq:
            for entry in self.read(first):
                first = entry.seq + 1
                yield entry

    def close(self) -> None:
        """Do nothing: no file is open."""

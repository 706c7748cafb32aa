"""A ledger as it was: a store that ends earlier than it really does, to read only."""

# ruff: noqa: ARG002 - the signatures are those of `EventStore`

from __future__ import annotations

from collections.abc import Iterator, Sequence

from eventstore.errors import Unavailable
from eventstore.store import Entry, Event, EventStore, Head, LedgerFiles


class LedgerPrefix:
    """An `EventStore` whose last entry is one of the past.

    Attributes:
        files: None: nothing of the past is written.
    """

    def __init__(self, store: EventStore, head: Head) -> None:
        self._store, self._head = store, head
        self.files: LedgerFiles | None = None

    @property
    def ledger_id(self) -> str:
        """What tells this ledger from all others."""
        return self._store.ledger_id

    def head(self) -> Head:
        """The last entry that counts."""
        return self._head

    def refresh(self) -> Head:
        """The same: the past does not grow."""
        return self._head

    def append(self, events: Sequence[Event], expected: Head | None = None) -> list[Entry]:
        """Refused: nothing can be added to the past.

        Raises:
            Unavailable: always.
        """
        raise Unavailable("the past cannot be written")

    def read(self, first: int, last: int | None = None) -> Iterator[Entry]:
        """Entries `first` to `last`, as far as they count; see `EventStore.read`."""
        last = self._head.seq if last is None else min(last, self._head.seq)
        return iter(()) if first > last else self._store.read(first, last)

    def read_backwards(self, before: int | None = None) -> Iterator[Entry]:
        """The entries before entry `before`, as far as they count; see `EventStore.read_backwards`."""
        end = self._head.seq + 1
        return self._store.read_backwards(end if before is None else min(before, end))

    def follow(self, first: int) -> Iterator[Entry]:
        """Entries from `first` on, as far as they count."""
        return self.read(first)

    def close(self) -> None:
        """Close the store itself."""
        self._store.close()

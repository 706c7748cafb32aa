"""Where in a ledger a moment is, found by halving: some twenty entries are read, however many there are."""

from __future__ import annotations

from datetime import datetime

from eventstore.store import EventStore


def first_since(store: EventStore, moment: datetime) -> int:
    """An entry that was recorded at a moment or later, and before which, as a rule, none was.

    Where a clock was set back, earlier entries may have been too. One more than the last entry: none was.
    """
    low, high = 0, store.head().seq + 1
    while low < high:
        middle = (low + high) // 2
        entry = next(iter(store.read(middle, middle)))
        if entry.time < moment:
            low = middle + 1
        else:
            high = middle
    return low

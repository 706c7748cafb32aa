"""Holding the entries against the laws, with progress."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from cli.ledger.verification.verified import Laws
from cli.terminal.progress import progress
from eventstore.store import Entry, EventStore

if TYPE_CHECKING:
    from scheduler.rules.state import State

ILLEGAL_MAX = 100
"""So many illegal entries are named; all are counted."""
_TOLD_EVERY = 8_192


def check_laws(store: EventStore, first: int, last: int, state: State | None, *, shown: bool) -> Laws:
    """Hold the entries from `first` to `last` against the laws, given the state before them."""
    from scheduler.rules.laws.ledger_laws import illegal_entries

    found = Laws([], 0)
    with progress("checking laws", max(1, last + 1 - first), shown=shown) as seen:

        def entries() -> Iterator[Entry]:
            for entry in store.read(first, last):
                if entry.seq % _TOLD_EVERY == 0:
                    seen.update(entry.seq - first, label=f"checking laws, {entry.seq:,} entries")
                yield entry

        for illegal in illegal_entries(entries(), state):
            found = Laws(found.first, found.total + 1)
            if found.total <= ILLEGAL_MAX:
                found.first.append(illegal)
    return found

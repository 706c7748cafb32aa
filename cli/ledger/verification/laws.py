"""Holding the entries against the laws, with progress."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from cli.ledger.verification.verified import Laws
from cli.terminal.progress import progress
from eventstore.store import Entry, EventStore

if TYPE_CHECKING:
    from eventstore.verify_report import VerifyReport
    from scheduler.rules.state import State

ILLEGAL_MAX = 100
"""So many illegal entries are named; all are counted."""
_TOLD_EVERY = 8_192


def check_laws(
    store: EventStore,
    report: VerifyReport,
    before: State | None,
    kept_at: Callable[[int], State | None],
    *,
    shown: bool,
) -> Laws:
    """Hold the entries that were read against the laws.

    Args:
        store: the ledger.
        report: what was read of it.
        before: the state before the first of them; None: that is entry 0.
        kept_at: gives the state after an entry, if it is kept and valid.
        shown: whether progress is shown.

    Raises:
        LedgerError: the ledger cannot be read.
    """
    found = Laws([], 0)
    first, is_known = report.first, True
    for unread in [*report.unread, None]:
        last = report.head.seq if unread is None else unread.first - 1
        if is_known:
            found = _held(store, (first, last), before, found, shown=shown)
        elif first <= last:
            found = found._replace(unchecked=(*found.unchecked, (first, last)))
        if unread is not None:
            first, before = unread.last + 1, kept_at(unread.last)
            is_known = before is not None
            found = found._replace(unchecked=(*found.unchecked, (unread.first, unread.last)))
    return found


def _held(
    store: EventStore, stretch: tuple[int, int], state: State | None, found: Laws, *, shown: bool
) -> Laws:
    """The same with what is found in a stretch of entries, given the state before it."""
    from scheduler.rules.laws.ledger_laws import illegal_entries

    first, last = stretch
    with progress("checking laws", max(1, last + 1 - first), shown=shown) as seen:

        def entries() -> Iterator[Entry]:
            for entry in store.read(first, last):
                if entry.seq % _TOLD_EVERY == 0:
                    seen.update(entry.seq - first, label=f"checking laws, {entry.seq:,} entries")
                yield entry

        for illegal in illegal_entries(entries(), state):
            found = found._replace(total=found.total + 1)
            if found.total <= ILLEGAL_MAX:
                found.first.append(illegal)
    return found

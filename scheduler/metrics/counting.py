"""What happened in a home, counted: from a file that keeps the counts, or in a shorter way where there is none."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Final

from eventstore.store import Head
from scheduler.home import Home
from scheduler.ledger.view import View
from scheduler.metrics.kept_totals import keep_totals, kept_totals
from scheduler.metrics.totals import Totals

Derive = Callable[[Home, Head], Totals | None]
"""Counts all up to an entry in a shorter way than one by one; None if that cannot be done now."""
COUNTED_ONE_BY_ONE_MAX: Final = 50_000
"""So many entries are counted in half a second; of more, the counts are had sooner in another way."""
KEPT_EVERY_ENTRIES: Final = 1_000


class Counting:
    """The counts of a home, kept in memory and in a file, brought up to date when they are asked for.

    Args:
        home: the home.
        derive: counts a long history.
    """

    def __init__(self, home: Home, derive: Derive) -> None:
        self._home, self._derive = home, derive
        self._lock = threading.Lock()
        self._totals: Totals | None = None
        self._kept_seq = -1

    @contextmanager
    def counted(self, look: Callable[[], AbstractContextManager[View]]) -> Iterator[tuple[View, Totals]]:
        """The home as it is now, and everything that happened in it up to then.

        Args:
            look: opens a view of the home; what takes long is done while none is open.

        Raises:
            LedgerError: the ledger cannot be trusted or read; and what `derive` raises.
        """
        with self._lock:
            with look() as view:
                head = view.ledger.state.head if view.ledger is not None else None
                totals = self._known(view)
            if head is not None and head.seq - totals.seq > COUNTED_ONE_BY_ONE_MAX:
                totals = self._derive(self._home, head) or totals
            with look() as view:
                if view.ledger is not None:
                    for entry in view.ledger.store.read(totals.seq + 1, view.ledger.state.head.seq):
                        totals.count(entry)
                self._totals = totals
                if totals.seq - self._kept_seq >= KEPT_EVERY_ENTRIES:
                    keep_totals(self._home, totals)
                    self._kept_seq = totals.seq
                yield view, totals

    def _known(self, view: View) -> Totals:
        """What was counted before, if it is of this ledger as it is."""
        if view.ledger is None:
            return Totals.none()
        if self._totals is None:
            self._totals = kept_totals(self._home, view.ledger.store)
            self._kept_seq = -1 if self._totals is None else self._totals.seq
        known = self._totals
        return Totals.none() if known is None or known.seq > view.ledger.state.head.seq else known

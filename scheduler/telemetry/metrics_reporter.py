"""Tells the figures of a home to a receiver, now and then: those that `cronledger metrics` prints.

What did not arrive is not told later: the next report has the same counts and more.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Final, Protocol

from eventstore.errors import Unavailable
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.open import open_ledger_to_read
from scheduler.ledger.view import View, view_of
from scheduler.metrics.counting import Counting
from scheduler.metrics.figure import Figure
from scheduler.metrics.figures import figures
from scheduler.metrics.last_verification import last_verification
from scheduler.notifications.transport import NotDelivered

FIRST_S: Final = 2.0
"""So long after its start the first figures are sent: a scheduler that starts has other things to do."""


class MetricsSender(Protocol):
    """Takes figures, and gets them to the receiver."""

    def send_metrics(
        self, figures: Iterable[Figure], began: datetime | None, now: datetime, ledger_id: str
    ) -> None:
        """Send them.

        Args:
            figures: what is told.
            began: from when on counters count; None if that is not known.
            now: when the figures were so.
            ledger_id: of the ledger.

        Raises:
            NotDelivered: not all of them have arrived.
        """


class MetricsReporter:
    """Sends figures whenever an interval has passed. The ledger is kept open and folded in between.

    Args:
        home: the home; sender: sends; counting: what happened so far.
        seconds: a clock that is never set.

    Attributes:
        problem: why the last report did not arrive; empty if it did.
    """

    def __init__(
        self, home: Home, sender: MetricsSender, counting: Counting, seconds: Callable[[], float]
    ) -> None:
        self._home, self._sender, self._counting, self._seconds = home, sender, counting, seconds
        self._ledger: Ledger | None = None
        self._began: datetime | None = None
        self._last_s: float | None = None
        self._first_s, self._wait_s = seconds() + FIRST_S, 0.0
        self.problem = ""

    def turn(self, interval_s: float | None, *, is_last: bool = False) -> None:
        """Send them, if it is time.

        Args:
            interval_s: how often; None: never.
            is_last: it is time now, since there will be no other turn: who looks learns that nobody serves.

        Raises:
            LedgerError: the ledger is damaged.
        """
        if interval_s is None or not (is_last or self._seconds() >= self._due_s(interval_s)):
            return
        self.problem, self._wait_s = "", 0.0
        try:
            self._report()
        except NotDelivered as problem:
            self.problem, self._wait_s = problem.reason, problem.wait_s
        except Unavailable as problem:
            self.problem = str(problem)
        self._last_s = self._seconds()

    def close(self) -> None:
        """Close all files."""
        if self._ledger is not None:
            self._ledger.store.close()
            self._ledger = None

    def _due_s(self, interval_s: float) -> float:
        return self._first_s if self._last_s is None else self._last_s + max(interval_s, self._wait_s)

    def _report(self) -> None:
        verified = last_verification(self._home)
        with self._counting.counted(self._look) as (view, totals):
            assert view.ledger is not None, "what a scheduler serves has a ledger"
            told = figures(view, totals, verified)
            self._sender.send_metrics(told, self._beginning(view.ledger), view.now, view.state.ledger)

    @contextmanager
    def _look(self) -> Iterator[View]:
        """The home as it is now."""
        try:
            if self._ledger is None:
                self._ledger = open_ledger_to_read(self._home)
            else:
                self._ledger.refresh()
        except BaseException:
            self.close()  # what was folded in part is no state
            raise
        yield view_of(self._home, with_outline=True, opened=self._ledger)

    def _beginning(self, ledger: Ledger) -> datetime | None:
        """When entry 0 was recorded; None if it is in an archive that cannot be read."""
        if self._began is None:
            try:
                self._began = next(iter(ledger.store.read(0, 0))).time
            except Unavailable:
                return None
        return self._began

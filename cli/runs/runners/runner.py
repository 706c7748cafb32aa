"""What both ways to run jobs share: opening the ledger, following the runs, Ctrl-C, and whether all succeeded."""

from __future__ import annotations

import signal
import threading
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from typing import NamedTuple

from cli.app.ledger_wait import patience_explained
from cli.runs.live_output import OutputFollower
from cli.runs.wanted import Wanted
from cli.runs.watch import WatchedRuns
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.open import open_ledger
from scheduler.ownership.actor import person
from scheduler.store import is_on_database
from scheduler.waiting import Waiter

OnRequested = Callable[[int, str], None]
"""Given the number of each run and its job, once the request is durable."""


class OutputPlaces(NamedTuple):
    """Where standard output and standard error of the jobs go, and how they are shown there.

    Attributes:
        out: descriptor for the one; err: for the other.
        labelled: put the job's name before each line.
        raw: escape nothing, at a terminal neither.
    """

    out: int
    err: int
    labelled: bool = False
    raw: bool = False


def stopping_signals() -> list[signal.Signals]:
    """The signals that ask a command to stop, without those that its caller has set to be ignored (nohup).

    None ask a thread beside the main one, which gets none: the console asks for runs there and does not follow them.
    """
    if threading.current_thread() is not threading.main_thread():
        return []
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    return [number for number in wanted if signal.getsignal(number) is not signal.SIG_IGN]


@contextmanager
def ledger_for_runs(home: Home) -> Iterator[Ledger]:
    """The home's ledger, opened to request runs in the name of the person, and closed in the end.

    Raises:
        PlaceDisagrees: the home is on a database, and its config names another place.
        Unavailable, Corrupt, NewerFormat, Poisoned: the ledger cannot be written or trusted.
    """
    if is_on_database(home):
        from scheduler.database.named_place import settle_home

        settle_home(home)
    with patience_explained(home.ledger):
        ledger = open_ledger(home, person())
    try:
        yield ledger
    finally:
        ledger.store.close()


class Runner(ABC):
    """Lets runs be made, several at once, and follows them.

    Args:
        home: the home; ledger: its ledger.
        places: where the output of the jobs goes; None: it is not shown.

    Attributes:
        ledger: as given.
        watched: the runs, as the ledger shows them.
    """

    def __init__(self, home: Home, ledger: Ledger, places: OutputPlaces | None) -> None:
        self._home, self.ledger = home, ledger
        self._waiter = Waiter(home.ledger, stopping_signals())
        with ExitStack() as closing_if_it_fails:
            closing_if_it_fails.callback(self._waiter.close)
            follower = None
            if places is not None:
                follower = OutputFollower(
                    home,
                    self._waiter.selector,
                    places.out,
                    places.err,
                    labelled=places.labelled,
                    raw=places.raw,
                )
            self.watched = WatchedRuns(follower, ledger.state)
            closing_if_it_fails.pop_all()
        self._signals: list[int] = []
        ledger.listen(self.watched.notice)

    @abstractmethod
    def request(self, wanted: Wanted, on_requested: OnRequested) -> None:
        """Request a run of each of the jobs, or queue it to be requested by `follow`.

        Raises:
            Failure: there is no such job, it takes no such parameter, or it asks for a reason; nothing is requested.
            Unavailable, Poisoned, Corrupt: see `EventStore.append`; nothing is requested.
        """

    def follow(self) -> int | None:
        """Follow the runs until all are settled and shown; returns the first signal that asked to stop, if any.

        Raises:
            Failure, Unavailable: the runs cannot be followed any longer; the message says why.
            Poisoned, Corrupt: the ledger cannot be trusted.
        """
        while True:
            wait_s = self._advance()
            if self._done():
                return self._signals[0] if self._signals else None
            for number in self._waiter.wait(wait_s):
                self._signals.append(number)
                if self._obey_signal():
                    return self._signals[0]

    @abstractmethod
    def _advance(self) -> float:
        """Do what can be done now, and show new output; returns in how many seconds to call this again, at most."""

    @abstractmethod
    def _done(self) -> bool:
        """Whether there is nothing left to follow."""

    @abstractmethod
    def _obey_signal(self) -> bool:
        """Do what the newest signal asks for; True if following ends at once."""

    @property
    def all_succeeded(self) -> bool:
        """Whether every run that was requested succeeded."""
        return all(run.succeeded for run in self.watched.settled.values())

    def close(self) -> None:
        """Stop following; the runs continue."""
        try:
            self.watched.close()
        finally:
            self._waiter.close()

"""What a scheduler executes: its runs from their launch to the event that says how they ended.

It decides nothing and records only what became of runs that were found without a watcher; how attempts ended is
given to whoever records it.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from datetime import datetime

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.clock import Clock, Reading
from scheduler.ledger.ledger import Ledger
from scheduler.rules.runs.attempts import is_news, with_retry
from scheduler.rules.runs.orphans import ExecutorAlive, orphans
from scheduler.rules.state import Executor, Run, State
from scheduler.service.adoption import adopt_or_lose
from scheduler.service.attempts.cancellations import Cancellations
from scheduler.service.launcher import Launcher
from scheduler.service.supervisor import Supervisor

LOOK_S = 1.0
"""How often it is looked at what no event announces: executors that die, a disk that has room again."""


class Execution:
    """The runs that one process executes.

    Args:
        ledger: the ledger and its state.
        clock: where the time comes from.
        supervisor: the processes.
        launcher: turns a definition into a process.
        executor: this process, as `run.started` records it.
        executor_alive: whether the process that watches a run is still alive.
        judges: whether it is for this process to say what became of a run that another one started.

    Attributes:
        ended: how attempts ended that are still to be recorded.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        supervisor: Supervisor,
        launcher: Launcher,
        executor: Executor,
        executor_alive: ExecutorAlive,
        judges: Callable[[Run], bool] = lambda run: True,
    ) -> None:
        self._ledger, self._clock, self._supervisor = ledger, clock, supervisor
        self._launcher, self._executor, self._executor_alive = launcher, executor, executor_alive
        self._judges = judges
        self.ended: list[Event] = []
        self._watched_by_others: dict[int, None] = {}
        self._mine: dict[int, None] = {}
        self._cancels = Cancellations(supervisor)
        self._look_at_mine_s = 0.0

    def __len__(self) -> int:
        """How many runs this process watches or has still to record as finished."""
        return len(self._supervisor) + len(self.ended)

    @property
    def any_watched_by_others(self) -> bool:
        """Whether other processes watch runs, which may die."""
        return bool(self._watched_by_others)

    def tidy(self) -> None:
        """Remove what is on file about attempts that are not in flight any more."""
        runs = self._ledger.state.runs.values()
        self._supervisor.tidy({(run.number, run.attempt) for run in runs if run.started})

    def begin(self) -> None:
        """Take in the state as it stands; `notice` is to be told what is folded from now on."""
        for number in self._ledger.state.runs:
            self._place(number)

    # -- one turn --------------------------------------------------------------------------------------------

    def look(self, now: Reading) -> None:
        """See which runs have ended, and stop those whose time is up."""
        with contextlib.suppress(OSError):  # no descriptors left to look with: the next turn looks again
            self.ended += self._supervisor.turn(now)

    def cancel(self, now: Reading) -> None:
        """Stop the runs that were asked to stop."""
        self._cancels.act(now)

    def ends(self, state: State, now: datetime) -> list[Event]:
        """What is to be recorded of the attempts that have ended; call `recorded` once it is."""
        return [with_retry(state, event, now) for event in self.ended if is_news(state, event)]

    def recorded(self) -> None:
        """What `ends` said is on record."""
        self.ended = []

    def launch(self, started: Sequence[Entry]) -> None:
        """Start the runs that are on record as started."""
        attempts, not_prepared = self._launcher.attempts(started, self._ledger.state)
        self.ended += not_prepared
        # Those that were started nonetheless are found: `settle_unsupervised`.
        with contextlib.suppress(OSError):
            if attempts:
                self._supervisor.start(attempts, self._clock.read())

    # -- runs that nobody watches ----------------------------------------------------------------------------

    def take_over_orphans(self, now: Reading, among: Iterable[int] | None = None) -> None:
        """Adopt the runs whose watcher has died, or record them lost.

        Args:
            now: the moment.
            among: numbers of the runs to look at; None: those that others were seen to watch, and are judged here.

        Raises:
            Unavailable, Poisoned, Corrupt: see `EventStore.append`.
            OSError: the processes cannot be looked at now.
        """
        numbers = self._watched_by_others if among is None else among
        found = orphans(self._ledger.state, numbers, self._supervisor.watched_runs, self._executor_alive)
        if found:
            adopt_or_lose(found, self._ledger, self._supervisor, self._launcher, self._executor, now)

    def settle_unsupervised(self, now: Reading, ended: AbstractSet[int] = frozenset()) -> None:
        """Once a second: runs that this process has started, and that nothing here watches, are adopted or lost.

        Args:
            now: the moment.
            ended: numbers of further runs of which it is known how they ended.

        Raises:
            Unavailable, Poisoned, Corrupt, OSError: see `take_over_orphans`.
        """
        if now.monotonic_s < self._look_at_mine_s:
            return
        self._look_at_mine_s = now.monotonic_s + LOOK_S
        known = self._supervisor.watched_runs | {event.run for event in self.ended} | ended
        stray = [self._ledger.state.runs[number] for number in self._mine if number not in known]
        if stray:
            adopt_or_lose(stray, self._ledger, self._supervisor, self._launcher, self._executor, now)

    # -- what is folded --------------------------------------------------------------------------------------

    def notice(self, entry: Entry) -> None:
        """Keep in line with what is folded, whoever appended it."""
        if entry.run is not None:
            if entry.type == v.RunCancelRequested.TYPE:
                self._cancels.note(entry)
            self._place(entry.run)

    def _place(self, number: int) -> None:
        """Keep a run where it belongs: watched by this process, by others, or by none."""
        run = self._ledger.state.runs.get(number)
        if run is None or run.started is None:
            self._watched_by_others.pop(number, None)
            self._mine.pop(number, None)
        elif run.executor == self._executor:
            self._watched_by_others.pop(number, None)
            self._mine[number] = None
        else:
            self._mine.pop(number, None)
            if self._judges(run):
                self._watched_by_others[number] = None

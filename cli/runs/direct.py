"""Running jobs in this very process, for when no scheduler serves the home."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

import click

from cli.app.failures import Failure, complain
from cli.app.ledger_wait import patience_explained
from cli.home.job_names import find_job
from cli.runs.live_output import OutputFollower
from cli.runs.watch import WatchedRuns
from cli.terminal.console import note
from cli.terminal.printable import printable
from eventstore.errors import Unavailable
from scheduler.actor import person
from scheduler.configuration import Config
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.open import bring_in_line, open_ledger
from scheduler.processes import PosixSpawner
from scheduler.service.config_in_force import config_to_start_with
from scheduler.service.executor import executors_of, this_process
from scheduler.service.local_executor import LocalExecutor, RunRequest
from scheduler.waiting import Waiter

_TICK_S = 1.0
_RETRY_S = 0.25
"""After so long recording is tried again; at once would be in vain, and each try wakes us by its own traces."""
_GIVE_UP_SIGNALS = 3
"""So many Ctrl-C leave even though a result could not be recorded."""

Begun = Callable[[int, str], None]
"""Told the number of each run and its job, once the request is durable."""
Streams = tuple[int, int] | None


def stopping_signals() -> list[signal.Signals]:
    """The signals that ask a command to stop; not those that whoever started it wants ignored (nohup)."""
    wanted = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    return [number for number in wanted if signal.getsignal(number) is not signal.SIG_IGN]


def usable_config(home: Home) -> Config:
    """The home's config; while that is invalid, the last one that was in force, with a warning.

    Raises:
        ConfigInvalid, ConfigMissing, ConfigUnreadable: neither can be used.
    """
    config, problem = config_to_start_with(home)
    if problem is not None:
        complain(f"{problem}\nthe last config that was in force is used")
    return config


@contextmanager
def executing(home: Home, streams: Streams, *, labelled: bool = False) -> Iterator[RunHere]:
    """Open a home to execute runs in this process; the ledger is brought in line with the config first.

    Raises:
        ConfigInvalid, ConfigMissing, ConfigUnreadable: there is no config that could be used.
        Unavailable, Corrupt, NewerFormat, Poisoned: the ledger cannot be written or trusted.
    """
    config = usable_config(home)
    with patience_explained(home.ledger):
        ledger = open_ledger(home, person())
    try:
        if config.path == home.config:
            with patience_explained(home.ledger):
                bring_in_line(ledger, config)
        here = RunHere(home, ledger, config, streams, labelled=labelled)
        try:
            yield here
        finally:
            here.close()
    finally:
        ledger.store.close()


class RunHere:
    """Executes wishes one beside the other and follows them.

    Args:
        home: the home; book: its ledger, in line with `config`.
        streams: the descriptors to which standard output and standard error of the jobs go; None: they are not shown.
        labelled: put the job's name before each line of output.

    Attributes:
        book, config: as given.
        watched: what the ledger says about the runs.
    """

    def __init__(
        self, home: Home, ledger: Ledger, config: Config, streams: Streams, *, labelled: bool = False
    ) -> None:
        self.ledger, self.config = ledger, config
        self._waiter = Waiter(home.ledger, stopping_signals())
        self._spawner = PosixSpawner(ledger.state.ledger, self._waiter.selector, home.processes)
        self._execution = LocalExecutor(
            home, ledger, config.jobs, self._spawner, this_process(), person(), executors_of(home)
        )
        follower = None
        if streams is not None:
            follower = OutputFollower(home, self._waiter.selector, *streams, labelled=labelled)
        self.watched = WatchedRuns(follower, ledger.state)
        ledger.listen(self.watched.notice)
        self._signals: list[int] = []
        self._complaint = ""
        self._retry_at_s: float | None = None
        self._reserve_given = False
        self._refused = False
        self._announced: set[int] = set()
        self._tick_at_s = time.monotonic() + _TICK_S

    def wishes(self, names: Sequence[str], reason: str) -> list[RunRequest]:
        """What it takes to run these jobs as the config has them.

        Raises:
            Failure: there is no such job.
        """
        for name in names:
            find_job(self.ledger.state, name)
            if name not in self.config.jobs:
                raise Failure(f"job {printable(name)} is not in the config that is used")
        return [RunRequest(self.config.jobs[name].definition, reason) for name in names]

    def run(self, wishes: Sequence[RunRequest], begun: Begun) -> int | None:
        """Execute them; the first signal that asked to stop, if one did.

        The first one stops the runs, the second kills them.

        Raises:
            Unavailable: nothing could be recorded, and so nothing was started; or a result could not be, and the
                person did not want to wait any longer.
            Poisoned, Corrupt: the ledger is not to be relied on.
        """
        waiting = list(wishes)
        while waiting or self._execution.busy or not self.watched.done:
            waiting = [wish for wish in waiting if not self._begin(wish, begun)]
            wait_s = min(self._turn(), self.watched.pump())
            if not (waiting or self._execution.busy) and self.watched.done:
                break
            for number in self._waiter.wait(wait_s):
                waiting.clear()
                self._stop(number)
            if time.monotonic() >= self._tick_at_s:
                self._tick_at_s = time.monotonic() + _TICK_S
                self.ledger.store.tick()
        return self._signals[0] if self._signals else None

    @property
    def all_succeeded(self) -> bool:
        """Whether everything that was wanted was begun and came out well."""
        return not self._refused and all(run.succeeded for run in self.watched.settled.values())

    def close(self) -> None:
        """Let go of everything; what still runs goes on."""
        if self._reserve_given:
            self.ledger.store.restore_reserve()
        self.watched.close()
        self._spawner.close()
        self._waiter.close()

    def _begin(self, wish: RunRequest, begun: Begun) -> bool:
        """Begin a run, unless it waits for another one of its job; whether it is dealt with."""
        job = wish.definition.name
        if wish.definition.overlap == "queue":
            other = self._execution.in_the_way(job)
            if other is not None:
                if other.number not in self._announced:
                    self._announced.add(other.number)
                    note(f"{job}: waiting for run {other.number} to end")
                return False
        else:
            self._execution.in_the_way(job)  # what nobody watches and is dead must not be in the way
        try:
            number = self._execution.begin(wish)
            if number is None:
                return False  # another one of its job came first
        except Unavailable as problem:
            if not self._execution.busy:
                raise
            complain(f"{job} was not started: {problem}")
            self._refused = True
            return True
        self.watched.want(number, job, self.ledger.store.read(number))
        begun(number, job)
        return True

    def _turn(self) -> float:
        """Let the execution do what can be done now; in how many seconds again."""
        left_s = self._retry_in_s()
        if 0 < left_s < math.inf:
            return left_s
        self._retry_at_s = None
        wait_s = self._execution.turn(self._complain)
        return min(wait_s, max(0.0, self._retry_in_s()))

    def _retry_in_s(self) -> float:
        """In how many seconds recording is to be tried again; infinite where nothing is left to record."""
        return math.inf if self._retry_at_s is None else self._retry_at_s - time.monotonic()

    def _stop(self, number: int) -> None:
        self._signals.append(number)
        self._execution.stop(f"stopped by {signal.Signals(number).name} to the command that ran it")
        click.echo(err=True)
        if len(self._signals) >= _GIVE_UP_SIGNALS and self._complaint:
            raise Unavailable(f"how the run ended could not be recorded: {self._complaint}")
        if self._execution.busy:
            note("stopping; once more kills" if len(self._signals) == 1 else "killing")

    def _complain(self, message: str) -> None:
        """The ledger cannot be written. What is held back for that goes first; the next try may do with it."""
        if not self._reserve_given:
            self._reserve_given = True
            self.ledger.store.release_reserve()
            self._retry_at_s = time.monotonic()
            return
        self._retry_at_s = time.monotonic() + _RETRY_S
        if message != self._complaint:
            self._complaint = message
            complain(f"{message}; trying again")

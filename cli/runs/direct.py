"""Running jobs in this process, while no scheduler serves the home."""

from __future__ import annotations

import math
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager

import click

from cli.app.failures import Failure, complain
from cli.app.ledger_wait import patience_explained
from cli.home.copied import copied
from cli.home.job_names import find_job
from cli.runs.runner import OnRequested, OutputPlaces, Runner, ledger_for_runs
from cli.terminal.console import note
from cli.terminal.printable import printable
from eventstore.errors import Unavailable
from scheduler.configuration import Config
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.open import bring_in_line
from scheduler.ownership.actor import claims, person
from scheduler.ownership.home_identity import is_copy, remember
from scheduler.processes import PosixSpawner
from scheduler.service.config_in_force import config_to_start_with
from scheduler.service.executor import executors_of, this_process
from scheduler.service.local_executor import LocalExecutor, RunRequest

_TICK_S = 1.0
_RETRY_S = 0.25
"""After so long recording is tried again; a try writes into the ledger's folder, and so would wake this very wait."""
_GIVE_UP_SIGNALS = 3
"""After so many signals the command gives up, even if a result could not be recorded."""


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
def direct_runner(home: Home, places: OutputPlaces | None) -> Iterator[DirectRunner]:
    """Open a home to execute runs in this process; the ledger is brought in line with the config first.

    Raises:
        ConfigInvalid, ConfigMissing, ConfigUnreadable: there is no config that could be used.
        Unavailable, Corrupt, NewerFormat, Poisoned: the ledger cannot be written or trusted.
    """
    config = usable_config(home)
    if is_copy(home):
        raise copied(home)
    with ledger_for_runs(home) as ledger:
        if config.path == home.config:
            with patience_explained(home.ledger):
                bring_in_line(ledger, config)
        remember(home)
        with closing(DirectRunner(home, ledger, config, places)) as runner:
            yield runner


class DirectRunner(Runner):
    """Executes runs in this process and follows them; a signal stops them, the second one kills them.

    Args:
        config: with which the ledger is in line; the others are those of `Runner`.

    Attributes:
        config: as given.
    """

    def __init__(
        self,
        home: Home,
        ledger: Ledger,
        config: Config,
        places: OutputPlaces | None,
    ) -> None:
        super().__init__(home, ledger, places)
        self._files = ledger.store.files
        self.config = config
        self._spawner = PosixSpawner(ledger.state.mark, self._waiter.selector, home.processes)
        self._executor = LocalExecutor(
            home,
            ledger,
            config.jobs,
            self._spawner,
            this_process(),
            person(),
            executors_of(home),
            claims=claims(ledger.state.mark),
        )
        self._pending: list[tuple[RunRequest, OnRequested]] = []
        self._complaint = ""
        self._retry_at_s: float | None = None
        self._reserve_given = False
        self._refused = False
        self._announced: set[int] = set()
        self._tick_at_s = time.monotonic() + _TICK_S

    def request(self, names: Sequence[str], reason: str, on_requested: OnRequested) -> None:
        """Want a run of each of these jobs, as the config has them; `follow` requests and starts them.

        Raises:
            Failure: there is no such job; nothing is requested.
        """
        for name in names:
            find_job(self.ledger.state, name)
            if name not in self.config.jobs:
                raise Failure(f"job {printable(name)} is not in the config that is used")
        for name in names:
            self.request_run(RunRequest(self.config.jobs[name].definition, reason), on_requested)

    def request_run(self, request: RunRequest, on_requested: OnRequested) -> None:
        """Want one run, described in full; `follow` requests and starts it."""
        self._pending.append((request, on_requested))

    def _advance(self) -> float:
        """Start what may start, record what has ended, show what there is to show.

        Raises:
            Unavailable: nothing could be recorded, and so nothing was started.
        """
        if time.monotonic() >= self._tick_at_s:
            self._tick_at_s = time.monotonic() + _TICK_S
            if self._files is not None:
                self._files.tick()
        self._pending = [each for each in self._pending if not self._begin(*each)]
        return min(self._turn(), self.watched.pump())

    def _done(self) -> bool:
        return not (self._pending or self._executor.busy) and self.watched.done

    @property
    def all_succeeded(self) -> bool:
        """Whether everything that was wanted was begun and came out well."""
        return not self._refused and super().all_succeeded

    def close(self) -> None:
        """Release everything; runs that are still running go on."""
        if self._files is not None and self._reserve_given:
            self._files.restore_reserve()
        self._spawner.close()
        super().close()

    def _begin(self, request: RunRequest, on_requested: OnRequested) -> bool:
        """Request and start a run, unless it must wait for another run of its job; whether that is settled."""
        job = request.definition.name
        if request.definition.overlap == "queue":
            other = self._executor.in_the_way(job)
            if other is not None:
                if other.number not in self._announced:
                    self._announced.add(other.number)
                    note(f"{job}: waiting for run {other.number} to end")
                return False
        else:
            self._executor.in_the_way(job)  # a dead run that no process watches must not be in the way
        try:
            number = self._executor.begin(request)
            if number is None:
                return False  # another run of its job came first
        except Unavailable as problem:
            if not self._executor.busy:
                raise
            complain(f"{job} was not started: {problem}")
            self._refused = True
            return True
        self.watched.want(number, job, self.ledger.store.read(number))
        on_requested(number, job)
        return True

    def _turn(self) -> float:
        """Let the executor do what can be done now; in how many seconds again."""
        left_s = self._retry_in_s()
        if 0 < left_s < math.inf:
            return left_s
        self._retry_at_s = None
        wait_s = self._executor.turn(self._complain)
        return min(wait_s, max(0.0, self._retry_in_s()))

    def _retry_in_s(self) -> float:
        """In how many seconds recording is to be tried again; infinite where nothing is left to record."""
        return math.inf if self._retry_at_s is None else self._retry_at_s - time.monotonic()

    def _obey_signal(self) -> bool:
        """Stop what runs, or kill it; what has not begun never will.

        Raises:
            Unavailable: a result could not be recorded, and the person does not want to wait any longer.
        """
        self._pending.clear()
        name = signal.Signals(self._signals[-1]).name
        self._executor.stop(f"stopped by {name} to the command that ran it")
        click.echo(err=True)
        if len(self._signals) >= _GIVE_UP_SIGNALS and self._complaint:
            raise Unavailable(f"how the run ended could not be recorded: {self._complaint}")
        if self._executor.busy:
            note("stopping; once more kills" if len(self._signals) == 1 else "killing")
        return False

    def _complain(self, message: str) -> None:
        """The ledger cannot be written. Its reserve is released first: that may suffice for the next try."""
        if self._files is not None and not self._reserve_given:
            self._reserve_given = True
            self._files.release_reserve()
            self._retry_at_s = time.monotonic()
            return
        self._retry_at_s = time.monotonic() + _RETRY_S
        if message != self._complaint:
            self._complaint = message
            complain(f"{message}; trying again")

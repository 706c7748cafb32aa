"""Running jobs in this process, while no scheduler serves the home."""

from __future__ import annotations

import contextlib
import math
import signal
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime

import click

from cli.app.failures import ExitCode, Failure, complain
from cli.app.ledger_wait import patience_explained
from cli.home.copied import copied
from cli.home.job_names import find_job
from cli.runs.runners.runner import OnRequested, OutputPlaces, Runner, ledger_for_runs
from cli.runs.wanted import Wanted
from cli.terminal.console import note
from cli.terminal.printable import printable
from cli.words.lock_words import lock_words
from eventstore.errors import LedgerError, Unavailable
from scheduler.configuration.model import Config
from scheduler.configuration.outline.kept_outline import keep_outline
from scheduler.configuration.variables.secret_values import named_secrets
from scheduler.database.agreement import settle_place
from scheduler.definition import JobDefinition
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.open import bring_in_line
from scheduler.ownership.actor import claims, person
from scheduler.ownership.home_identity import is_copy, remember
from scheduler.processes import PosixSpawner
from scheduler.python_jobs.targets import DRY_RUN
from scheduler.rules.state import Run
from scheduler.service.config_in_force import check_copy, config_to_start_with, keep_copy
from scheduler.service.environments_in_force import keep_environments_in_force
from scheduler.service.executor import executors_of, this_process
from scheduler.service.local_executor import LocalExecutor, RunRequest
from scheduler.store import is_on_database

_TICK_S = 1.0
_RETRY_S = 0.25
"""Recording is tried again only after this time, because each try changes the folder whose changes end the wait."""
_GIVE_UP_SIGNALS = 3
"""After this many signals the command gives up, even if a result could not be recorded."""


@contextmanager
def direct_runner(home: Home, places: OutputPlaces | None) -> Iterator[DirectRunner]:
    """Open a home to execute runs in this process; the ledger is brought in line with the config first.

    Raises:
        ConfigInvalid, ConfigMissing, ConfigUnreadable: there is no usable config.
        Unavailable, Corrupt, NewerFormat, Poisoned: the ledger cannot be written or trusted.
    """
    if is_on_database(home):
        raise Failure(
            "on a database, jobs are run by the schedulers alone, not by a command",
            "`cronledger jobs run NAME` asks them for a run.",
            ExitCode.USAGE,
        )
    config, problem, kept_calendars = config_to_start_with(home)
    settle_place(home, config.ledger.store)
    if is_on_database(home):
        # What its file says is not what is in force there: nothing of it is recorded.
        raise Failure(
            f"this home has joined {printable(config.ledger.store or '')} just now, where jobs are run by the "
            "schedulers alone",
            "Nothing was recorded. Try again: `cronledger jobs run NAME` asks them from now on.",
            ExitCode.USAGE,
        )
    if is_copy(home):
        raise copied(home)
    with ledger_for_runs(home) as ledger:
        check_copy(config, problem, ledger.state.config)
        if problem is None:
            keep_outline(home, config, ledger.store.ledger_id)
            with patience_explained(home.ledger):
                bring_in_line(ledger, config)
            with contextlib.suppress(OSError):  # a run that needs them says so
                keep_environments_in_force(home, ledger.state, config.jobs)
            keep_copy(config, home.config_in_force)
        else:
            days = f", with the days on record of {', '.join(kept_calendars)}" if kept_calendars else ""
            complain(f"{problem}\nthe last config that was in force is used{days}")
        remember(home)
        with closing(DirectRunner(home, ledger, config, places)) as runner:
            yield runner


class DirectRunner(Runner):
    """Executes runs in this process and follows them; the first signal stops them, the second one kills them.

    Args:
        config: the config with which the ledger is in line; the other arguments are those of `Runner`.

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
        with ExitStack() as closing_if_it_fails:
            closing_if_it_fails.callback(super().close)
            self._spawner = PosixSpawner(ledger.state.mark, self._waiter.selector, home.processes)
            closing_if_it_fails.callback(self._spawner.close)
            self._executor = LocalExecutor(
                home,
                ledger,
                config.jobs,
                self._spawner,
                this_process(),
                person(),
                executors_of(home),
                claims=claims(ledger.state.mark),
                lock_capacities=config.settings.locks,
                traced=config.telemetry is not None and config.telemetry.otlp is not None,
            )
            closing_if_it_fails.pop_all()
        self._pending: list[tuple[RunRequest, OnRequested]] = []
        self._complaint = ""
        self._retry_at_s: float | None = None
        self._reserve_given = False
        self._refused = False
        self._announced: set[int] = set()
        self._collects = False
        self._told_locks: set[tuple[object, ...]] = set()
        self._tick_at_s = time.monotonic() + _TICK_S

    def request(self, wanted: Wanted, on_requested: OnRequested) -> None:
        """Queue a run of each of the jobs, as the config defines them; `follow` requests and starts the runs.

        Raises:
            Failure: there is no such job, it takes no such parameter, or it asks for a reason; nothing is requested.
        """
        for run in wanted.runs(self._definition_of):
            request = RunRequest(
                run.definition,
                wanted.reason,
                params=run.params,
                retry_of=run.retry_of,
                original_scheduled_for=run.original_scheduled_for,
                with_dependents=wanted.with_dependents,
            )
            if wanted.dry_run:
                request = request._replace(options=[DRY_RUN], parameters=["dry_run"])
            self.request_run(request, on_requested)

    def _definition_of(self, name: str) -> JobDefinition:
        job = find_job(self.ledger.state, name)
        if name in self.ledger.state.changes:
            return job.definition
        if name not in self.config.jobs:
            raise Failure(f"job {printable(name)} is not in the config that is used")
        return self.config.jobs[name].definition

    def request_run(self, request: RunRequest, on_requested: OnRequested) -> None:
        """Queue one run that is described in full; `follow` requests and starts it."""
        self._pending.append((request, on_requested))

    def _advance(self) -> float:
        """Start the runs that may start, record those that have ended, and show new output.

        Raises:
            Unavailable: nothing could be recorded, so nothing was started.
        """
        if time.monotonic() >= self._tick_at_s:
            self._tick_at_s = time.monotonic() + _TICK_S
            if self._files is not None:
                with contextlib.suppress(OSError):  # what the system refuses now is due again in a second
                    self._files.tick()
        self._pending = [each for each in self._pending if not self._begin(*each)]
        return min(self._turn(), self.watched.pump())

    def _done(self) -> bool:
        return not (self._pending or self._executor.busy) and self.watched.done

    @property
    def all_succeeded(self) -> bool:
        """Whether every run that was requested was started and succeeded."""
        return not self._refused and super().all_succeeded

    def close(self) -> None:
        """Release everything; runs that are still running continue."""
        with ExitStack() as last:
            last.callback(super().close)
            last.callback(self._spawner.close)
            if self._collects:
                last.callback(self._collect)
            if self._files is not None and self._reserve_given:
                self._files.restore_reserve()

    def _begin(self, request: RunRequest, on_requested: OnRequested) -> bool:
        """Request and start a run, unless it must wait for another run of its job; False: try again later."""
        job = request.definition.name
        if request.queues:
            other = self._executor.in_the_way(job)
            if other is not None:
                if other.number not in self._announced:
                    self._announced.add(other.number)
                    note(f"{job}: waiting for run {other.number} to end{_unmade(other)}")
                return False
        else:
            # A dead run that no process watches must not be in the way: this call settles it.
            self._executor.in_the_way(job)
        try:
            number = self._executor.begin(request)
            if number is None:
                # Another run of its job came first, or others hold its locks.
                self._tell_of_lock(request.definition)
                return False
        except Unavailable as problem:
            if not self._executor.busy:
                raise
            complain(f"{job} was not started: {problem}")
            self._refused = True
            return True
        self._collects |= any(secret.env is not None for _, secret in named_secrets(request.definition))
        self.watched.want(number, job, self.ledger.store.read(number))
        on_requested(number, job)
        return True

    def _collect(self) -> None:
        """Collect the log entries here: only this process knows the variables that are masked in them."""
        from cli.logs.up_to_date import bring_up_to_date

        with contextlib.suppress(Failure, LedgerError):
            bring_up_to_date(self._home, shown=False)

    def _tell_of_lock(self, definition: JobDefinition) -> None:
        """Say once for which lock a run waits, and who has it."""
        lock = self._executor.lock_in_the_way(definition)
        if lock is not None and (definition.name, *lock.key) not in self._told_locks:
            self._told_locks.add((definition.name, *lock.key))
            state = self.ledger.state
            note(f"{definition.name}: waiting for {lock_words(lock, state, datetime.now(UTC))}")

    def _turn(self) -> float:
        """Let the executor do what can be done now; returns in how many seconds to call this again."""
        left_s = self._retry_in_s()
        if 0 < left_s < math.inf:
            return left_s
        self._retry_at_s = None
        wait_s = self._executor.turn(self._complain)
        return min(wait_s, max(0.0, self._retry_in_s()))

    def _retry_in_s(self) -> float:
        """In how many seconds recording is tried again; infinite if nothing is left to record."""
        return math.inf if self._retry_at_s is None else self._retry_at_s - time.monotonic()

    def _obey_signal(self) -> bool:
        """Stop the runs, or kill them; runs that have not started are dropped.

        Raises:
            Unavailable: a result could not be recorded, and after this many signals the command gives up.
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
        """Handle a ledger that cannot be written: its reserve is released first, which may be enough to try again."""
        if self._files is not None and not self._reserve_given:
            self._reserve_given = True
            self._files.release_reserve()
            self._retry_at_s = time.monotonic()
            return
        self._retry_at_s = time.monotonic() + _RETRY_S
        if message != self._complaint:
            self._complaint = message
            complain(f"{message}; trying again")


def _unmade(run: Run) -> str:
    """What to do about a run that waits for its next attempt, which only who began it makes, or a scheduler."""
    if not run.waits_for_retry:
        return ""
    return (
        f"; it waits for attempt {run.attempt + 1}, which the process that began it makes, or the next scheduler;"
        f" `cronledger jobs cancel {run.number}` ends it"
    )

"""Running jobs by the scheduler that serves the home: runs are requested in the ledger, and followed there."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from datetime import UTC, datetime
from functools import cached_property

import click

from cli.app.failures import ExitCode, Failure
from cli.app.ledger_wait import patience_explained
from cli.home.job_names import find_job
from cli.runs.runners.runner import OnRequested, OutputPlaces, Runner, ledger_for_runs
from cli.runs.wanted import Wanted
from cli.terminal.console import note
from cli.terminal.printable import printable
from cli.times.zones import local_zone
from cli.words.job_words import PAUSE_ENDS, paused_words
from cli.words.lock_words import lock_words
from cli.words.node_words import no_node_clause
from eventstore.errors import Unavailable
from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.configuration.files.half_written import UNENDED_REST_S, may_be_half_written
from scheduler.configuration.reading.current_config import config_is_judged, read_config
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ownership.actor import claims, person
from scheduler.rules.runs.waiting_reasons import WaitingReason, WaitingReasons
from scheduler.rules.state import State
from scheduler.scheduler_lock import Holder
from scheduler.scheduler_watch import AnyScheduler, SchedulerWatch
from scheduler.store import is_on_database

_CONFIG_WAIT_S = 5.0
_CONFIG_LOOK_S = 0.25
_PATIENCE_S = 1.0
"""After this time, a note says why a run has not started."""


@contextmanager
def scheduler_runner(
    home: Home, holder: Holder | None, places: OutputPlaces | None
) -> Iterator[SchedulerRunner]:
    """Open a home to have the scheduler run jobs, once it has read the config as it is now.

    On a database any of the schedulers may run them, on whichever machine, and no file comes into force by itself.

    Raises:
        KeyboardInterrupt: a signal asked to stop meanwhile; nothing was requested.
        Unavailable, Corrupt, NewerFormat, Poisoned: the ledger cannot be written or trusted.
    """
    with ledger_for_runs(home) as ledger:
        runner = SchedulerRunner(home, ledger, holder, places)
        with closing(runner):
            if not is_on_database(home):
                runner.await_config()
            yield runner


class SchedulerRunner(Runner):
    """Requests runs from the scheduler and follows them; a signal ends the following, but no run.

    Args:
        holder: the scheduler that serves the home, of which there need be none where the home is on a database; the
            other arguments are those of `Runner`.
    """

    def __init__(
        self,
        home: Home,
        ledger: Ledger,
        holder: Holder | None,
        places: OutputPlaces | None,
    ) -> None:
        super().__init__(home, ledger, places)
        self._explained: set[tuple[object, ...]] = set()
        self._patient_until_s = 0.0
        with ExitStack() as closing_if_it_fails:
            closing_if_it_fails.callback(super().close)
            if is_on_database(home) or holder is None:
                self._watch: SchedulerWatch | AnyScheduler = AnyScheduler()
            else:
                self._watch = SchedulerWatch(home, holder, self._waiter.selector)
            closing_if_it_fails.pop_all()

    def await_config(self) -> None:
        """Wait a few seconds for the scheduler to read a config that was edited just now.

        Raises:
            KeyboardInterrupt: a signal asked to stop.
        """
        rest_s = UNENDED_REST_S if may_be_half_written(self._home) else 0.0
        give_up_s = time.monotonic() + rest_s + _CONFIG_WAIT_S
        told = False
        while not config_is_judged(self._home, self.ledger.state) and time.monotonic() < give_up_s:
            if not told:
                why = ", which takes longer because its last line has no end" if rest_s else ""
                note(f"the config was edited: waiting for the scheduler to read it{why}")
                told = True
            if self._waiter.wait(_CONFIG_LOOK_S):
                raise KeyboardInterrupt
            self.ledger.refresh()

    def request(self, wanted: Wanted, on_requested: OnRequested) -> None:
        """Record the requests, all in one append.

        Raises:
            Failure: there is no such job, it takes no such parameter, or it asks for a reason; nothing was requested.
            Unavailable, Poisoned, Corrupt: see `EventStore.append`; nothing was requested.
        """
        runs = wanted.runs(lambda name: find_job(self.ledger.state, name).definition)
        said, actor, events = claims(self.ledger.state.mark), person(), []
        for run in runs:
            requested = v.RunRequested(
                executor="scheduler",
                reason=wanted.reason,
                claims=said,
                params=run.params,
                retry_of=run.retry_of,
                original_scheduled_for=run.original_scheduled_for,
                with_dependents=wanted.with_dependents,
            )
            events.append(v.event(requested, actor, job=run.definition.name, run=OWN_SEQ))
        with patience_explained(self._home.ledger):
            recorded = self.ledger.decide(lambda state: events)
        self._patient_until_s = time.monotonic() + _PATIENCE_S
        for entry in recorded:
            self.watched.want(entry.seq, entry.job or "")
            on_requested(entry.seq, entry.job or "")

    def _advance(self) -> float:
        """Show new output, and say why runs wait.

        Raises:
            Failure: the scheduler is gone.
        """
        alive = self._watch.alive()
        self.ledger.refresh()
        wait_s = min(self.watched.pump(), self._watch.look_s)
        if self.watched.done:
            return wait_s
        if not alive and self.watched.open_runs():
            raise self._orphaned()
        patience_s = self._patient_until_s - time.monotonic()
        if patience_s > 0:
            return min(wait_s, patience_s)
        self._explain_waiting()
        return wait_s

    def _done(self) -> bool:
        return self.watched.done

    def close(self) -> None:
        """Stop following."""
        self._watch.close()
        super().close()

    def _explain_waiting(self) -> None:
        """Say why runs have not started yet, each reason once."""
        state = self.ledger.state
        reasons = WaitingReasons(state, datetime.now(UTC), max_parallel=self._max_parallel)
        for run, job in self.watched.open_runs().items():
            if self.watched.has_begun(run):
                continue
            if run not in state.runs:
                continue
            why = reasons.of(run)
            paused = state.scheduler.paused if state.scheduler is not None else None
            told = (run, why.kind, paused, None if why.lock is None else why.lock.key, state.leader is None)
            if told not in self._explained:
                self._explained.add(told)
                words = _unled_words(state) if self._is_unled else waiting_words(why, state)
                note(f"run {run} of {job} {words}")

    @property
    def _is_unled(self) -> bool:
        return self.ledger.state.leader is None and is_on_database(self._home)

    @cached_property
    def _max_parallel(self) -> int | None:
        """How many runs the config in force lets run at once; None if it cannot be read."""
        config, _ = read_config(self._home, self._home.config_in_force)
        return None if config is None else config.settings.max_parallel

    def _obey_signal(self) -> bool:
        """End the following: the scheduler continues the runs, and a note says how to stop them."""
        click.echo(err=True)
        with suppress(Unavailable):  # what is said is as things stand now, as far as that can be read
            self.ledger.refresh()
        for run, job in self.watched.open_runs().items():
            word = "goes on" if self.watched.has_begun(run) else "is still wanted"
            note(f"run {run} of {job} {word}; `cronledger jobs cancel {run}` stops it")
        return True

    def _orphaned(self) -> Failure:
        runs = self.watched.open_runs()
        begun = [run for run in runs if self.watched.has_begun(run)]
        owed = [run for run in runs if run not in begun]
        says = []
        if begun:
            says.append(
                f"{_runs(begun)} may still be going: the next scheduler takes over what it finds alive"
            )
        if owed:
            says.append(f"{_runs(owed)} had not started and is still wanted: the next scheduler starts it")
        return Failure("the scheduler is gone: no one serves this home", ". ".join(says), ExitCode.FAILED)


def _unled_words(state: State) -> str:
    serve = "`cronledger serve` on a machine lets it lead"
    if not state.nodes:
        return f"has not been started: no node has served this ledger yet; {serve}"
    return f"has not been started: no node leads; {serve}, and `cronledger nodes list` shows them all"


def waiting_words(why: WaitingReason, state: State) -> str:
    """Why a run has not been started yet, as the predicate of a sentence about it."""
    status = state.scheduler
    if why.lock is not None:
        return f"waits for {lock_words(why.lock, state, datetime.now(UTC))}"
    if why.kind == "paused":
        assert status is not None, "only a scheduler can be paused"
        return (
            f"waits: the scheduler is {paused_words(status, datetime.now(UTC), local_zone())}. {PAUSE_ENDS}"
        )
    if why.kind == "assigned":
        return f"waits to be started on {printable(why.node or '')}"
    if why.refusals or why.kind == "node":
        what = "its turn" if why.kind == "capacity" else "a node"
        return f"waits for {what}: {no_node_clause(why.label, why.refusals)}"
    if why.kind == "queue":
        return f"waits for run {why.run} to end"
    if why.kind == "capacity":
        count = len(why.holders)
        runs = "1 run is" if count == 1 else f"{count:,} runs are"
        return f"waits for its turn: {runs} going, and max_parallel allows no more"
    return "has not been started yet; `cronledger status` shows how the scheduler is"


def _runs(numbers: Sequence[int]) -> str:
    return f"run{'' if len(numbers) == 1 else 's'} {', '.join(map(str, numbers))}"

"""Having the scheduler that serves the home run jobs: by way of the ledger, and followed there."""

from __future__ import annotations

import contextlib
import hashlib
import os
import selectors
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cached_property

import click

from cli.app.failures import Exit, Failure
from cli.app.ledger_wait import patience_explained
from cli.home.job_names import find_job
from cli.home.open import read_config
from cli.runs.direct import Begun, Streams, stopping_signals
from cli.runs.live_output import OutputFollower
from cli.runs.watch import WatchedRuns
from cli.terminal.console import note
from cli.times.zones import local_zone
from cli.words.job_words import PAUSE_ENDS, paused_words
from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.actor import person
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.open import open_ledger
from scheduler.processes.identity import host_name, pid_namespace
from scheduler.processes.pidfd import has_ended
from scheduler.scheduler_lock import Holder, holder_of
from scheduler.waiting import Waiter

_CONFIG_WAIT_S = 5.0
_CONFIG_LOOK_S = 0.25
_PATIENCE_S = 1.0
"""After this long a run that has not started deserves a word."""
_LOOK_S = 1.0
_LONG_S = 60.0


@contextmanager
def served(home: Home, holder: Holder, streams: Streams, *, labelled: bool = False) -> Iterator[RunThere]:
    """Open a home to have the scheduler run jobs, once it has read the config as it is now.

    Raises:
        KeyboardInterrupt: a signal said stop meanwhile; nothing was requested.
        Unavailable, Corrupt, NewerFormat, Poisoned: the ledger cannot be written or trusted.
    """
    with patience_explained(home.ledger):
        ledger = open_ledger(home, person())
    try:
        there = RunThere(home, ledger, holder, streams, labelled=labelled)
        try:
            there.await_config()
            yield there
        finally:
            there.close()
    finally:
        ledger.store.close()


class RunThere:
    """Requests runs from the scheduler and follows them.

    Args:
        home: the home; book: its ledger; holder: the scheduler that serves it.
        streams: the descriptors to which standard output and standard error of the jobs go; None: they are not shown.
        labelled: put the job's name before each line of output.

    Attributes:
        watched: what the ledger says about the runs.
    """

    def __init__(
        self, home: Home, ledger: Ledger, holder: Holder, streams: Streams, *, labelled: bool = False
    ) -> None:
        self._home, self._ledger = home, ledger
        self._waiter = Waiter(home.ledger, stopping_signals())
        follower = None
        if streams is not None:
            follower = OutputFollower(home, self._waiter.selector, *streams, labelled=labelled)
        self.watched = WatchedRuns(follower, ledger.state)
        self._explained: set[tuple[int, str]] = set()
        self._watch = _SchedulerWatch(home, holder, self._waiter.selector)
        ledger.listen(self.watched.notice)

    def await_config(self) -> None:
        """Give the scheduler a moment to read a config that was edited just now.

        Raises:
            KeyboardInterrupt: a signal said stop.
        """
        give_up_s = time.monotonic() + _CONFIG_WAIT_S
        told = False
        while not _config_is_known(self._home, self._ledger) and time.monotonic() < give_up_s:
            if not told:
                note("the config was edited: waiting for the scheduler to read it")
                told = True
            if self._waiter.wait(_CONFIG_LOOK_S):
                raise KeyboardInterrupt
            self._ledger.refresh()

    def request(self, names: Sequence[str], reason: str, begun: Begun) -> None:
        """Record the requests, all in one append.

        Raises:
            Failure: there is no such job; nothing was requested.
            Unavailable, Poisoned, Corrupt: see `EventStore.append`; nothing was requested.
        """
        for name in names:
            find_job(self._ledger.state, name)
        requested = v.RunRequested(executor="scheduler", reason=reason)
        actor = person()
        events = [v.event(requested, actor, job=name, run=OWN_SEQ) for name in names]
        with patience_explained(self._home.ledger):
            recorded = self._ledger.decide(lambda state: events)
        for entry in recorded:
            self.watched.want(entry.seq, entry.job or "")
            begun(entry.seq, entry.job or "")

    def follow(self) -> int | None:
        """Follow until all are settled; the signal that asked to stop following, if one did.

        Raises:
            Failure: the scheduler is gone.
            Corrupt: the ledger cannot be trusted.
        """
        patient_until_s = time.monotonic() + _PATIENCE_S
        while True:
            alive = self._watch.alive()
            self._ledger.refresh()
            wait_s = min(self.watched.pump(), self._watch.look_s)
            if self.watched.done:
                return None
            if not alive and self.watched.open_runs():
                raise self._orphaned()
            patience_s = patient_until_s - time.monotonic()
            if patience_s > 0:
                wait_s = min(wait_s, patience_s)
            else:
                self._explain_waiting()
            signals = self._waiter.wait(wait_s)
            if signals:
                self._leave()
                return signals[0]

    @property
    def all_succeeded(self) -> bool:
        """Whether everything that was wanted came out well."""
        return all(run.succeeded for run in self.watched.settled.values())

    def close(self) -> None:
        """Stop following."""
        self._watch.close()
        self.watched.close()
        self._waiter.close()

    def _explain_waiting(self) -> None:
        """Say why runs have not started yet, each reason once."""
        watch = self._ledger.state.scheduler
        for run, job in self.watched.open_runs().items():
            if self.watched.has_begun(run):
                continue
            if watch is not None and watch.paused is not None:
                told = f"{paused_words(watch, datetime.now(UTC), local_zone())}. {PAUSE_ENDS}"
                why, text = f"paused {watch.paused}", f"run {run} of {job} waits: the scheduler is {told}"
            else:
                why, text = self._turn_words(run, job)
            if (run, why) not in self._explained:
                self._explained.add((run, why))
                note(text)

    def _turn_words(self, run: int, job: str) -> tuple[str, str]:
        """Why a run waits while the scheduler starts others: which reason that is, and the sentence."""
        state = self._ledger.state
        before = [other.number for other in state.runs.values() if other.job == job and other.number < run]
        if before and state.jobs[job].definition.overlap == "queue":
            return "queue", f"run {run} of {job} waits for run {before[0]} to end"
        running = sum(other.attempt > 0 and other.by == "scheduler" for other in state.runs.values())
        if self._max_parallel is not None and running >= self._max_parallel:
            runs = "1 run is" if running == 1 else f"{running:,} runs are"
            return (
                "turn",
                f"run {run} of {job} waits for its turn: {runs} going, and max_parallel allows no more",
            )
        return (
            "unknown",
            f"run {run} of {job} has not been started yet; `cronledger status` shows how the scheduler is",
        )

    @cached_property
    def _max_parallel(self) -> int | None:
        """How many runs the config in force lets go at once; None if it cannot be read."""
        config, _ = read_config(self._home, self._home.config_in_force)
        return None if config is None else config.settings.max_parallel

    def _leave(self) -> None:
        click.echo(err=True)
        for run, job in self.watched.open_runs().items():
            word = "goes on" if self.watched.has_begun(run) else "is still wanted"
            note(f"run {run} of {job} {word}; `cronledger jobs cancel {run}` stops it")

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
        return Failure("the scheduler is gone: no one serves this home", ". ".join(says), Exit.FAILED)


class _SchedulerWatch:
    """Whether a scheduler still serves the home: the kernel tells when the one that did ends.

    Attributes:
        look_s: how often to ask: rarely where the kernel tells.
    """

    def __init__(self, home: Home, holder: Holder, selector: selectors.BaseSelector) -> None:
        self._home, self._selector = home, selector
        self._pidfd: int | None = None
        self._hold(holder)

    def _hold(self, holder: Holder) -> None:
        self.look_s = _LOOK_S
        elsewhere = holder.host != host_name() or holder.pid_namespace not in (None, pid_namespace())
        if holder.pid <= 0 or elsewhere:
            return  # of another host or container, where its number means another process: look instead
        with contextlib.suppress(OSError):
            self._pidfd = os.pidfd_open(holder.pid)
            self._selector.register(self._pidfd, selectors.EVENT_READ)
            self.look_s = _LONG_S

    def alive(self) -> bool:
        """Whether one serves it; another one than before will do."""
        if self._pidfd is not None and not has_ended(self._pidfd):
            return True
        self.close()
        holder = holder_of(self._home.scheduler_lock)
        if holder is None:
            return False
        self._hold(holder)
        return True

    def close(self) -> None:
        """Stop watching."""
        if self._pidfd is not None:
            self._selector.unregister(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None


def _config_is_known(home: Home, ledger: Ledger) -> bool:
    """Whether the scheduler has judged the config file as it is now."""
    try:
        digest = hashlib.sha256(home.config.read_bytes()).hexdigest()
    except OSError:
        return True
    state = ledger.state
    return digest == state.config or (state.rejection is not None and state.rejection.config == digest)


def _runs(numbers: Sequence[int]) -> str:
    return f"run{'' if len(numbers) == 1 else 's'} {', '.join(map(str, numbers))}"

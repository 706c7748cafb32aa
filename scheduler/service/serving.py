"""Serving a home: what every scheduler does beside its turns, on the real machine, from its lock to its end."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.configuration.model import Config
from scheduler.definition import Heartbeat, SchedulerSettings, Shutdown
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.ownership.home_identity import HomeCopied, is_copy, remember
from scheduler.processes import PosixSpawner
from scheduler.processes.recognition import identity
from scheduler.rules.requests.upcoming import Outlook, outlook
from scheduler.schedule import zone_data
from scheduler.schedule.cron import stepper
from scheduler.scheduler_lock import Holder, SchedulerLock
from scheduler.service.announcements import (
    Announcement,
    CannotLeave,
    ChannelsNamed,
    LockMadeAgain,
    NotForked,
    PingsWanted,
    Ready,
    TelemetryNamed,
    Upgraded,
)
from scheduler.service.environments_in_force import keep_environments_in_force
from scheduler.service.executor import this_process
from scheduler.service.launcher import Launcher
from scheduler.service.shutdown import OrderlyStop, StoppableLoop, StoppedRuns, can_leave
from scheduler.service.supervisor import Supervisor
from scheduler.service_manager.service_manager import ServiceManager
from scheduler.service_manager.status_words import Standing, serving_words, stopping_words
from scheduler.system_clock import SystemClock
from scheduler.version import ReplacedPart, installed_versions, replaced, versions
from scheduler.waiting import Waiter, stops_among

if TYPE_CHECKING:
    from scheduler.heartbeat.beat import Beat
    from scheduler.python_jobs.forking.fork_client import ForkClient

CONFIG_LOOK_S = 1.0
"""How often the config is looked at for an edit."""
VERSIONS_LOOK_S = 60.0
"""How often it is asked whether the software was replaced by another version."""
TICK_S = 1.0
"""How often the store does what it does now and then."""
TURN_MAX_S = 1.0
"""The loop looks at the clocks at least this often, so that a step or a suspend is seen."""
REPORT_WITHIN_S = 1.0
"""While there is work, entries are reported this late at most: reporting must not delay the start of runs."""
UNREPORTED_MAX = 1_000
"""At its start, before anything can fall due, so many entries are not reported at most: each holds a kilobyte."""
GIVE_UP_S = 60.0
"""So long after its grace a stopping scheduler gives up on a ledger that cannot be written."""


class Unsupported(Exception):
    """This machine lacks what the scheduler needs."""


class OnDatabase(Exception):
    """The ledger of this home is in a database, and what was asked serves those that have their own."""


class StoppedBeforeItServed(Exception):
    """A signal ended the scheduler before it had begun; the message is the signal's name."""


class Loop(StoppableLoop, Protocol):
    """The loop of a scheduler, as it is served.

    Attributes:
        settings: those in force.
    """

    settings: SchedulerSettings

    @property
    def is_paused(self) -> bool:
        """Whether the ledger could not be written, and still cannot as far as is known."""
        ...

    def turn(self) -> float:
        """Do everything that can be done now; in how many seconds something is due next."""
        ...


class InForce(Protocol):
    """What is in force while a scheduler serves; `config` is that."""

    config: Config

    def begin(self) -> None:
        """Put it in force."""
        ...

    def look(self) -> None:
        """Take up what was edited."""
        ...

    def reload(self) -> None:
        """Take it up as it is now, changed or not."""
        ...

    def close(self) -> None:
        """Stop looking."""
        ...


class Serving:
    """One scheduler at work on a home, from taking the lock to giving it back.

    What its ledger is in, and what its loop is, is the part of who inherits this.

    Args:
        home: the home to serve.
        on_entry: given every entry from the first that this scheduler records, its own and others', once the runs
            that it causes are started: reporting an entry delays no process.
        announce: given what else a person at the terminal should know.
        adopt: if the home is a copy, let it go on by itself.
        leave_runs: leave runs going at the end, whatever the config says.

    Raises:
        HomeCopied: the home is a copy, and is not to be adopted; nothing was started.
        Unsupported, AlreadyRunning: nothing was started.
    """

    _ledger: Ledger
    _loop: Loop
    _in_force: InForce
    _supervisor: Supervisor
    _spawner: PosixSpawner
    _launcher: Launcher
    _waiter: Waiter
    _forks: ForkClient | None = None
    _beat: Beat | None = None

    def __init__(
        self,
        home: Home,
        on_entry: Callable[[Entry], None],
        announce: Callable[[Announcement], None],
        *,
        adopt: bool = False,
        leave_runs: bool = False,
    ) -> None:
        if (problem := identity.platform_problem()) is not None:
            raise Unsupported(problem)
        self._home, self._announce, self._on_entry = home, announce, on_entry
        self._leave_runs = leave_runs
        self._unreported: list[Entry] = []
        self._has_begun = self._second_signal = False
        self._clock = SystemClock()
        self._require_home()
        if is_copy(home) and not adopt:
            raise HomeCopied(home)
        self._manager = ServiceManager(os.environ)
        self._executor = this_process()
        self._lock = SchedulerLock.take(
            home.scheduler_lock, Holder.of(self._executor, self._clock.read().wall)
        )
        self._load_what_decides()
        self._report_by_s = self._tick_at_s = 0.0
        self._open()

    # -- what differs ------------------------------------------------------------------------------------------

    def _require_home(self) -> None:
        """Refuse what is no home: nothing is left there."""
        raise NotImplementedError

    def _open(self) -> None:
        """Open the ledger, and make the loop and what it needs."""
        raise NotImplementedError

    def _begin(self) -> None:
        """Have the loop begin."""
        raise NotImplementedError

    def _each_second(self) -> None:
        """What is looked at now and then."""

    def _standing(self) -> Standing:
        """What it does, for the service manager."""
        raise NotImplementedError

    def _end(self, reason: str, became: StoppedRuns) -> None:
        """Record that the scheduler stopped."""
        raise NotImplementedError

    def _wait_on(self, folder: Path | None) -> Waiter:
        """A waiter for the folder of a ledger and for signals; before that a signal ends the process."""
        return Waiter(folder, (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))

    # -- serving -----------------------------------------------------------------------------------------------

    def run(self) -> None:
        """Serve until a signal says stop.

        Whoever disables the garbage collector before has a start that is a tenth cheaper; it is enabled here.

        Raises:
            Poisoned, Corrupt, Unavailable: the ledger is not to be relied on. What runs goes on, and the next
                scheduler adopts it.
            AlreadyRunning: the lock was deleted, and another scheduler has it now, which adopts what runs.
        """
        with contextlib.ExitStack() as closing:  # whatever one of them comes to, from the last to the first
            closing.callback(self._report)
            closing.callback(self._waiter.close)  # a signal must not cut short what is below
            closing.callback(self._lock.release)
            closing.callback(self._ledger.store.close)
            closing.callback(self._spawner.close)
            closing.callback(self._want_forks, False)
            closing.callback(self._in_force.close)
            self._in_force.begin()
            self._begin()
            self._report()
            self._has_begun = True
            # What start-up made stays to the end: no collection is to walk all jobs in the middle of a herd.
            gc.freeze()
            gc.enable()
            self._say_ready()
            self._manager.status(serving_words(self._standing()))
            self._manager.ready()
            _give_back_room()
            if self._shutdown == "leave" and not can_leave():
                self._announce(CannotLeave())
            self._stop(self._serve())

    def _say_ready(self) -> None:
        self._announce(Ready(self._outlook(), has_key=self._ledger.state.evidence is not None))

    def _outlook(self) -> Outlook | None:
        """What is ahead: a courtesy, and nothing that is wrong with it may keep the scheduler from running."""
        with contextlib.suppress(Exception):
            return outlook(self._ledger.state, self._standing().next_due, self._clock.read().wall)
        return None

    @property
    def _shutdown(self) -> Shutdown:
        """What becomes of runs at the end, as things stand."""
        return "leave" if self._leave_runs else self._in_force.config.settings.shutdown

    def _load_what_decides(self) -> None:
        """Load now what an upgrade of the packages would otherwise replace, and what a herd would wait for."""
        v.prepare(v.ScheduleTicked, v.RunStarted, v.RunFinished)
        stepper.load()
        zone_data.hold()
        self._versions = versions()
        self._installed = installed_versions(*self._versions)
        self._told_replaced: list[ReplacedPart] = []
        self._versions_look_at_s = time.monotonic() + VERSIONS_LOOK_S

    def _look_at_versions(self) -> None:
        """Say once that other versions were installed than those that this process has loaded."""
        self._versions_look_at_s = time.monotonic() + VERSIONS_LOOK_S
        found = replaced(self._installed, installed_versions(*self._installed))
        if found and found != self._told_replaced:
            self._announce(Upgraded(found))
        self._told_replaced = found

    def _serve(self) -> str:
        """Turn until a signal says stop; its name."""
        look_at_s = time.monotonic() + CONFIG_LOOK_S
        while True:
            signals = self._turn_and_wait(TURN_MAX_S)
            if asked := stops_among(signals):
                self._second_signal = len(asked) > 1
                return signal.Signals(asked[0]).name
            if signals:
                with self._manager.reloading():
                    self._in_force.reload()
            if time.monotonic() >= look_at_s:
                look_at_s = time.monotonic() + CONFIG_LOOK_S
                self._in_force.look()
                self._keep_lock()
                self._each_second()
                if self._manager.listens:
                    self._manager.status(serving_words(self._standing()))
                if self._forks is not None:
                    self._forks.tend()
            if time.monotonic() >= self._versions_look_at_s:
                self._look_at_versions()

    def _keep_lock(self) -> None:
        """A home whose lock is gone looks like a copy that nobody serves. What is refused now is due again soon."""
        with contextlib.suppress(OSError):
            if self._lock.keep():
                remember(self._home)
                self._announce(LockMadeAgain())

    def _turn_and_wait(self, most_s: float) -> list[int]:
        """One turn of the loop, then wait for what comes next, for at most `most_s`; the signals that came."""
        wait_s = min(most_s, self._loop.turn())
        turned_s = time.monotonic()
        if turned_s >= self._tick_at_s:
            self._tick_at_s = turned_s + TICK_S
            if (files := self._ledger.store.files) is not None:
                with contextlib.suppress(OSError):  # what the system refuses now is due again in a second
                    files.tick()
        self._manager.turned(turned_s)
        if self._beat is not None and not self._loop.is_paused:
            self._beat.turn(turned_s)
        if self._unreported and (turned_s >= self._report_by_s or self._waiter.is_quiet()):
            self._report()
        return self._waiter.wait(max(0.0, turned_s + wait_s - time.monotonic()))

    def _note_entry(self, entry: Entry) -> None:
        if not self._unreported:
            self._report_by_s = time.monotonic() + REPORT_WITHIN_S
        self._unreported.append(entry)
        if not self._has_begun and len(self._unreported) >= UNREPORTED_MAX:
            self._report()

    def _report(self) -> None:
        for entry in self._unreported:
            self._on_entry(entry)
        self._unreported.clear()

    # -- what is in force --------------------------------------------------------------------------------------

    def _put_in_force(self, config: Config) -> None:
        before = self._in_force.config.jobs
        with contextlib.suppress(OSError):  # a run that needs it says so
            keep_environments_in_force(self._home, self._ledger.state, before, config.jobs)
        self._loop.settings = config.settings
        self._launcher.use(config.jobs)
        traced = config.telemetry is not None and config.telemetry.otlp is not None
        self._launcher.trace(self._ledger.state.ledger if traced else None)
        self._want_heartbeat(config.settings.heartbeat)
        self._want_forks(any(job.definition.python is not None for job in config.jobs.values()))
        if config.channels:
            self._announce(ChannelsNamed())
        if traced:
            self._announce(TelemetryNamed())

    def _want_heartbeat(self, settings: Heartbeat | None) -> None:
        """Touch what the config names."""
        if self._beat is None and settings is not None:
            from scheduler.heartbeat.beat import Beat

            self._beat = Beat(self._home)
        if self._beat is not None:
            self._beat.use(settings)
        if settings is not None and settings.url is not None:
            self._announce(PingsWanted())

    def _want_forks(self, wanted: bool) -> None:
        """Keep a fork server while some job is in Python."""
        if self._forks is None and wanted:
            from scheduler.python_jobs.forking.fork_client import ForkClient

            self._forks = ForkClient(self._launcher.base, lambda reason: self._announce(NotForked(reason)))
            self._spawner.use_forks(self._forks)
        if self._forks is not None:
            self._forks.want(wanted)

    # -- stopping ----------------------------------------------------------------------------------------------

    def _stop(self, reason: str) -> None:
        """Start nothing more, and end the runs or leave them going, as the config in force says."""
        settings = self._in_force.config.settings
        self._manager.status(stopping_words(len(self._supervisor)))
        self._manager.stopping()
        stop = OrderlyStop(
            self._loop,
            self._supervisor,
            self._clock,
            self._shutdown,
            grace_s=settings.shutdown_grace_ms / 1000,
            patience_s=self._patience_s(),
            turn_and_wait=self._turn_and_wait,
            announce=self._announce,
        )
        self._end(reason, stop.run(hurried=self._second_signal))

    def _patience_s(self) -> float:
        """How long after its grace a stop may take: as long as the most patient job gives its processes."""
        kill_after_ms = [job.definition.kill_after_ms for job in self._ledger.state.jobs.values()]
        return GIVE_UP_S + max(kill_after_ms, default=0) / 1000


def _give_back_room() -> None:
    """Give the system the room back that reading the config and a snapshot has left, where the C library can."""
    import ctypes

    with contextlib.suppress(AttributeError, OSError):
        ctypes.CDLL(None).malloc_trim(0)

"""`serve`: the loop on the real machine, with its real files, processes, signals and clock."""

from __future__ import annotations

import contextlib
import gc
import os
import signal
import time
from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import TYPE_CHECKING

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.configuration import Config, ConfigMissing
from scheduler.definition import Heartbeat, Shutdown
from scheduler.home import Home
from scheduler.ledger import snapshot
from scheduler.ledger.open import open_ledger
from scheduler.ownership.actor import claims, person
from scheduler.ownership.home_identity import HomeCopied, is_copy, remember
from scheduler.processes import PosixSpawner
from scheduler.processes.recognition import identity
from scheduler.rules.reconcile import reconcile
from scheduler.rules.runs.slots import full_slots
from scheduler.rules.state import State
from scheduler.schedule import zone_data
from scheduler.schedule.cron import stepper
from scheduler.scheduler_lock import Holder, SchedulerLock
from scheduler.service.announcements import (
    Announcement,
    CalendarsKept,
    CannotLeave,
    ChannelsNamed,
    NotForked,
    PingsWanted,
    Ready,
    SlotsTaken,
    Upgraded,
)
from scheduler.service.config_in_force import check_copy, jobs_as_recorded, rejection
from scheduler.service.config_watch import ConfigWatch, FirstConfig
from scheduler.service.environments_in_force import keep_environments_in_force
from scheduler.service.executor import executors_of, this_process
from scheduler.service.home_adoption import adopt_home
from scheduler.service.launcher import Launcher
from scheduler.service.loop import Scheduler
from scheduler.service.shutdown import OrderlyStop, can_leave
from scheduler.service.supervisor import Supervisor
from scheduler.system_clock import SystemClock
from scheduler.version import ReplacedPart, installed_versions, replaced, versions
from scheduler.waiting import Waiter

if TYPE_CHECKING:
    from scheduler.heartbeat.beat import Beat
    from scheduler.python_jobs.forking.fork_client import ForkClient

CONFIG_LOOK_S = 1.0
"""How often the config file is looked at for an edit."""
SLOTS_PATIENCE_S = 30.0
"""All slots may be taken for so long before that is said: a herd of short runs takes them too."""
VERSIONS_LOOK_S = 60.0
"""How often it is asked whether the software was replaced by another version."""
TICK_S = 1.0
"""How often the store does what it does now and then."""
TURN_MAX_S = 1.0
"""The loop looks at the clocks at least this often, so that a step or a suspend is seen."""
LEDGER_PATIENCE_S = 1.0
"""A process that holds the ledger for longer delays the start of runs, not the watching of those that are running."""
REPORT_WITHIN_S = 1.0
"""While there is work, entries are reported this late at most: reporting must not delay the start of runs."""
GIVE_UP_S = 60.0
"""So long after its grace a stopping scheduler gives up on a ledger that cannot be written."""


class Unsupported(Exception):
    """This machine lacks what the scheduler needs."""


class Service:
    """One scheduler at work on a home, from taking the lock to giving it back.

    Args:
        home: the home to serve.
        on_entry: given every entry from the first that this scheduler records, its own and others', once the runs
            that it causes are started: reporting an entry delays no process.
        announce: given what else a person at the terminal should know.
        adopt: if the home is a copy, let it go on by itself.
        leave_runs: leave runs going at the end, whatever the config says.

    Raises:
        HomeCopied: the home is a copy, and is not to be adopted; nothing was started.
        Unsupported, AlreadyRunning, ConfigInvalid, ConfigMissing: nothing was started.
        Unavailable, Corrupt, NewerFormat: the ledger cannot be written or trusted.
    """

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
        problem = identity.platform_problem()
        if problem is not None:
            raise Unsupported(problem)
        self._home, self._announce, self._on_entry = home, announce, on_entry
        self._leave_runs = leave_runs
        self._unreported: list[Entry] = []
        self._clock = SystemClock()
        if not home.config.exists() and not home.config_in_force.exists():
            raise ConfigMissing(home.config)  # this is no home: leave nothing here
        if is_copy(home) and not adopt:
            raise HomeCopied(home)
        executor = this_process()
        self._lock = SchedulerLock.take(
            home.scheduler_lock,
            Holder(executor.pid, executor.host, self._clock.read().wall, executor.pid_namespace),
        )
        self._second_signal = self._slots_told = False
        self._slots_taken_since_s = time.monotonic()
        self._load_what_decides()
        self._report_by_s = self._tick_at_s = 0.0
        first = FirstConfig.read(home)
        self._first_problem, self._kept_calendars = first.problem, first.kept_calendars
        self._ledger = open_ledger(
            home,
            v.SCHEDULER,
            clock=self._clock,
            fsync=first.config.settings.fsync,
            patience_s=LEDGER_PATIENCE_S,
        )
        check_copy(first.config, first.problem, self._ledger.state.config)
        self._ledger.listen(self._unreported.append)
        if is_copy(home):
            adopt_home(home, self._ledger, person(), claims(self._ledger.state.mark))
        remember(home)
        self._snapshot_seq = self._ledger.kept_seq
        self._waiter = Waiter(home.ledger, (signal.SIGTERM, signal.SIGINT, signal.SIGHUP))
        self._launcher = Launcher(home, reread=partial(jobs_as_recorded, home))
        self._spawner = PosixSpawner(self._ledger.state.mark, self._waiter.selector, home.processes)
        self._supervisor = Supervisor(self._spawner)
        self._scheduler = Scheduler(
            self._ledger,
            self._clock,
            self._supervisor,
            self._launcher,
            executor,
            first.config.settings,
            executors_of(home),
        )
        self._config_watch = ConfigWatch(
            home, self._ledger, self._clock, first, self._put_in_force, self._announce
        )

    def run(self) -> None:
        """Serve until a signal says stop.

        Whoever disables the garbage collector before has a start that is a tenth cheaper; it is enabled here.

        Raises:
            Poisoned, Corrupt, Unavailable: the ledger is not to be relied on. What runs goes on, and the next
                scheduler adopts it.
        """
        with contextlib.ExitStack() as closing:  # whatever one of them comes to, from the last to the first
            closing.callback(self._report)
            closing.callback(self._waiter.close)  # a signal must not cut short what is below
            closing.callback(self._lock.release)
            closing.callback(self._ledger.store.close)
            closing.callback(self._spawner.close)
            closing.callback(self._want_forks, False)
            closing.callback(self._config_watch.close)
            self._config_watch.begin()
            self._scheduler.start(self._opening)
            self._report()
            # What start-up made stays to the end: no collection is to walk all jobs in the middle of a herd.
            gc.freeze()
            gc.enable()
            self._announce(Ready(has_key=self._ledger.state.evidence is not None))
            if self._kept_calendars:
                self._announce(CalendarsKept(self._kept_calendars))
            if self._shutdown == "leave" and not can_leave():
                self._announce(CannotLeave())
            self._stop(self._serve())

    @property
    def _shutdown(self) -> Shutdown:
        """What becomes of runs at the end, as things stand."""
        return "leave" if self._leave_runs else self._config_watch.config.settings.shutdown

    def _load_what_decides(self) -> None:
        """Load now what an upgrade of the packages would otherwise replace while the scheduler runs."""
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

    def _opening(self, state: State, now: datetime) -> list[Event]:
        executor, config = this_process(), self._config_watch.config
        started = v.SchedulerStarted(
            pid=executor.pid,
            host=executor.host,
            boot_id=executor.boot_id,
            versions=self._versions,
            config=config.digest,
            boottime_ms=round(self._clock.read().boottime_s * 1000),
        )
        events = [v.event(started, v.SCHEDULER)]
        events += reconcile(state, config.definitions, config.digest, now, config.calendars, config.owner)
        if self._first_problem is not None:
            events.append(rejection(self._first_problem))
        return events

    # -- serving -----------------------------------------------------------------------------------------------

    def _serve(self) -> str:
        """Turn until a signal says stop; its name."""
        look_at_s = time.monotonic() + CONFIG_LOOK_S
        while True:
            signals = self._turn_and_wait(TURN_MAX_S)
            asked = [number for number in signals if number != signal.SIGHUP]
            if asked:
                self._second_signal = len(asked) > 1
                return signal.Signals(asked[0]).name
            if signals:
                self._config_watch.reload()
            if time.monotonic() >= look_at_s:
                look_at_s = time.monotonic() + CONFIG_LOOK_S
                self._config_watch.look()
                self._keep_snapshot()
                self._look_at_slots()
                if self._forks is not None:
                    self._forks.tend()
            if time.monotonic() >= self._versions_look_at_s:
                self._look_at_versions()

    def _turn_and_wait(self, most_s: float) -> list[int]:
        """One turn of the loop, then wait for what comes next, for at most `most_s`; the signals that came."""
        wait_s = min(most_s, self._scheduler.turn())
        turned_s = time.monotonic()
        if turned_s >= self._tick_at_s:
            self._tick_at_s = turned_s + TICK_S
            if (files := self._ledger.store.files) is not None:
                with contextlib.suppress(OSError):  # what the system refuses now is due again in a second
                    files.tick()
        if self._beat is not None and not self._scheduler.is_paused:
            self._beat.turn(turned_s)
        if turned_s >= self._report_by_s or self._waiter.is_quiet():
            self._report()
        return self._waiter.wait(max(0.0, turned_s + wait_s - time.monotonic()))

    def _report(self) -> None:
        self._report_by_s = time.monotonic() + REPORT_WITHIN_S
        for entry in self._unreported:
            self._on_entry(entry)
        self._unreported.clear()

    def _look_at_slots(self) -> None:
        """Say once that all slots have been taken for a while."""
        if not self._scheduler.waits_for_slots:
            self._slots_taken_since_s, self._slots_told = time.monotonic(), False
        elif not self._slots_told and time.monotonic() - self._slots_taken_since_s >= SLOTS_PATIENCE_S:
            full = full_slots(self._ledger.state, self._clock.read().wall)
            if full is not None:
                self._slots_told = True
                self._announce(SlotsTaken(full))

    def _keep_snapshot(self) -> None:
        seq = self._ledger.state.head.seq
        if seq - self._snapshot_seq >= snapshot.EVERY_ENTRIES:
            self._snapshot_seq = seq
            snapshot.write(self._home.snapshots, self._ledger, v.SCHEDULER)

    def _put_in_force(self, config: Config) -> None:
        before = self._config_watch.config.jobs
        with contextlib.suppress(OSError):  # a run that needs it says so
            keep_environments_in_force(self._home, self._ledger.state, before, config.jobs)
        self._scheduler.settings = config.settings
        self._launcher.use(config.jobs)
        self._want_heartbeat(config.settings.heartbeat)
        self._want_forks(any(job.definition.python is not None for job in config.jobs.values()))
        if config.channels:
            self._announce(ChannelsNamed())

    def _want_heartbeat(self, settings: Heartbeat | None) -> None:
        """Touch what the config names, and feed the watchdog of the service manager, if it has one."""
        if self._beat is None and (settings is not None or "WATCHDOG_USEC" in os.environ):
            from scheduler.heartbeat.beat import Beat

            self._beat = Beat(self._home, os.environ)
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
        settings = self._config_watch.config.settings
        stop = OrderlyStop(
            self._scheduler,
            self._supervisor,
            self._clock,
            self._shutdown,
            grace_s=settings.shutdown_grace_ms / 1000,
            patience_s=self._patience_s(),
            turn_and_wait=self._turn_and_wait,
            announce=self._announce,
        )
        became = stop.run(hurried=self._second_signal)
        ended = v.SchedulerStopped(reason=reason, runs_stopped=became.stopped, runs_left=became.left)
        self._ledger.decide(lambda state: [v.event(ended, v.SCHEDULER)])

    def _patience_s(self) -> float:
        """How long after its grace a stop may take: as long as the most patient job gives its processes."""
        kill_after_ms = [job.definition.kill_after_ms for job in self._ledger.state.jobs.values()]
        return GIVE_UP_S + max(kill_after_ms, default=0) / 1000

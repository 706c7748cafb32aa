"""`serve`: the loop on the real machine, with its real files, processes, signals and clock."""

from __future__ import annotations

import time
from datetime import datetime
from functools import partial

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.configuration.errors import ConfigMissing
from scheduler.database.agreement import settle_place
from scheduler.ledger import snapshot
from scheduler.ledger.open import open_ledger
from scheduler.ownership.actor import claims, person
from scheduler.ownership.home_identity import is_copy, remember
from scheduler.processes import PosixSpawner
from scheduler.rules.reconcile import reconcile
from scheduler.rules.runs.slots import full_slots
from scheduler.rules.state import State
from scheduler.service.announcements import CalendarsKept, SlotsTaken
from scheduler.service.config_in_force import check_copy, jobs_as_recorded, rejection, share_definition
from scheduler.service.config_watch import ConfigWatch, FirstConfig
from scheduler.service.executor import executors_of
from scheduler.service.home_adoption import adopt_home
from scheduler.service.launcher import Launcher
from scheduler.service.loop import Scheduler
from scheduler.service.serving import OnDatabase, Serving
from scheduler.service.shutdown import StoppedRuns
from scheduler.service.supervisor import Supervisor
from scheduler.service_manager.status_words import Standing
from scheduler.store import is_on_database

SLOTS_PATIENCE_S = 30.0
"""All slots may be taken for so long before that is said: a herd of short runs takes them too."""
LEDGER_PATIENCE_S = 1.0
"""A process that holds the ledger for longer delays the start of runs, not the watching of those that are running."""


class Service(Serving):
    """The scheduler of a home whose ledger is its own.

    Raises:
        ConfigInvalid, ConfigMissing: nothing was started.
        Unavailable, Corrupt, NewerFormat: the ledger cannot be written or trusted.
    """

    _loop: Scheduler
    _slots_told = False

    def _require_home(self) -> None:
        if not self._home.config.exists() and not self._home.config_in_force.exists():
            raise ConfigMissing(self._home.config)

    def _open(self) -> None:
        home = self._home
        self._slots_taken_since_s = time.monotonic()
        first = FirstConfig.read(home)
        self._first_problem, self._kept_calendars = first.problem, first.kept_calendars
        settle_place(home, first.config.ledger.store)
        if is_on_database(home):
            self._lock.release()
            raise OnDatabase
        self._ledger = open_ledger(
            home,
            v.SCHEDULER,
            clock=self._clock,
            fsync=first.config.settings.fsync,
            patience_s=LEDGER_PATIENCE_S,
        )
        check_copy(first.config, first.problem, self._ledger.state.config)
        for name in first.config.jobs:
            share_definition(first.config, self._ledger.state, name)
        self._ledger.listen(self._note_entry)
        if is_copy(home):
            adopt_home(home, self._ledger, person(), claims(self._ledger.state.mark))
        remember(home)
        self._snapshot_seq = self._ledger.kept_seq
        self._opened_seq = self._ledger.state.head.seq
        self._waiter = self._wait_on(home.ledger)
        self._launcher = Launcher(home, reread=partial(jobs_as_recorded, home))
        self._spawner = PosixSpawner(self._ledger.state.mark, self._waiter.selector, home.processes)
        self._supervisor = Supervisor(self._spawner)
        self._loop = Scheduler(
            self._ledger,
            self._clock,
            self._supervisor,
            self._launcher,
            self._executor,
            first.config.settings,
            executors_of(home),
        )
        self._in_force = ConfigWatch(
            home, self._ledger, self._clock, first, self._put_in_force, self._announce
        )

    def _begin(self) -> None:
        self._loop.start(self._opening)

    def _note_entry(self, entry: Entry) -> None:
        if not self._has_begun and entry.type == v.JobDefined.TYPE and entry.job is not None:
            share_definition(self._in_force.config, self._ledger.state, entry.job)
        super()._note_entry(entry)

    def _opening(self, state: State, now: datetime) -> list[Event]:
        executor, config = self._executor, self._in_force.config
        started = v.SchedulerStarted(
            pid=executor.pid,
            host=executor.host,
            boot_id=executor.boot_id,
            versions=self._versions,
            config=config.digest,
            boottime_ms=round(self._clock.read().boottime_s * 1000),
        )
        events = [] if self._start_is_recorded(state) else [v.event(started, v.SCHEDULER)]
        events += reconcile(state, config.definitions, config.digest, now, config.calendars, config.owner)
        if self._first_problem is not None:
            events.append(rejection(self._first_problem))
        return events

    def _start_is_recorded(self, state: State) -> bool:
        """Whether the ledger has that this scheduler started: nobody else starts one while it holds the lock."""
        return state.scheduler is not None and state.scheduler.seq > self._opened_seq

    def _say_ready(self) -> None:
        super()._say_ready()
        if self._kept_calendars:
            self._announce(CalendarsKept(self._kept_calendars))

    def _each_second(self) -> None:
        self._keep_snapshot()
        self._look_at_slots()

    def _look_at_slots(self) -> None:
        """Say once that all slots have been taken for a while."""
        if not self._loop.waits_for_slots:
            self._slots_taken_since_s, self._slots_told = time.monotonic(), False
        elif not self._slots_told and time.monotonic() - self._slots_taken_since_s >= SLOTS_PATIENCE_S:
            full = full_slots(self._ledger.state, self._clock.read().wall)
            if full is not None:
                self._slots_told = True
                self._announce(SlotsTaken(full))

    def _standing(self) -> Standing:
        problem = "the ledger cannot be written" if self._loop.is_paused else ""
        return Standing(len(self._supervisor), self._loop.waiting, self._loop.next_due(), problem)

    def _keep_snapshot(self) -> None:
        seq = self._ledger.state.head.seq
        if seq - self._snapshot_seq >= snapshot.EVERY_ENTRIES:
            self._snapshot_seq = seq
            snapshot.write(self._home.snapshots, self._ledger, v.SCHEDULER)

    def _end(self, reason: str, became: StoppedRuns) -> None:
        ended = v.SchedulerStopped(reason=reason, runs_stopped=became.stopped, runs_left=became.left)
        self._ledger.decide(lambda state: [v.event(ended, v.SCHEDULER)])

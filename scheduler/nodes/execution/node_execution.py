"""What a node executes: the attempts that are assigned to it, and those that it finds of its former process.

An attempt is started when its `run.started` is folded, and only by the process that recorded it. So one whose append
was in doubt and turns out to be committed is started then, if that is not too late; and whoever was restarted
meanwhile starts nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from msgspec import structs

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.clock import Reading
from scheduler.definition import SchedulerSettings
from scheduler.ledger.ledger import Ledger
from scheduler.nodes.database_clock import DatabaseClock
from scheduler.nodes.execution.lost_runs import lost_runs, run_of_start
from scheduler.nodes.execution.results import Results
from scheduler.nodes.renewal import Renewal
from scheduler.rules.nodes.nodes_state import LostAttempt
from scheduler.rules.nodes.starting import assigned_starts, must_stop
from scheduler.rules.runs.orphans import ExecutorAlive
from scheduler.rules.runs.run_events import lost, not_launched
from scheduler.rules.state import Executor, Run, State
from scheduler.service.execution import Execution
from scheduler.service.launcher import Launcher
from scheduler.service.records.recorder import Recorder
from scheduler.service.supervisor import Supervisor

CUT_OFF = (
    "this node had not reached the database for too long to be sure that nobody else had been given the run"
)
TOO_LATE = "that it was to start was known to be recorded only when it was too late"


class NodeExecution:
    """The runs of one node.

    Args:
        node: its name.
        ledger, clock, supervisor, launcher, executor, executor_alive: as for `Execution`.
        results: how attempts ended, until that is on record.
        renewal: what the database acknowledged of this node: without that nothing is started.

    Attributes:
        node: its name; results: how attempts ended.
    """

    def __init__(
        self,
        node: str,
        ledger: Ledger,
        clock: DatabaseClock,
        supervisor: Supervisor,
        launcher: Launcher,
        executor: Executor,
        executor_alive: ExecutorAlive,
        results: Results,
        renewal: Renewal,
    ) -> None:
        self.node, self.results = node, results
        self._ledger, self._clock, self._supervisor = ledger, clock, supervisor
        self._recorder = Recorder(ledger, clock)
        self._launcher, self._executor, self._renewal = launcher, executor, renewal
        self._runs = Execution(
            ledger, clock, supervisor, launcher, executor, executor_alive, judges=self._is_of_this_home
        )
        self._to_launch: list[Entry] = []
        self._assigned = True
        self._took_over = False

    def _is_of_this_home(self, run: Run) -> bool:
        """Whether a run was started by this node; or before the ledger was on a database, on this machine."""
        if run.node is not None:
            return run.node == self.node
        return run.executor is not None and run.executor.boot_id == self._executor.boot_id

    # -- one turn --------------------------------------------------------------------------------------------

    def look(self, now: Reading) -> None:
        """See which runs have ended, and stop those whose time is up; the database is not needed for that."""
        self._runs.look(now)
        self._take_results()

    def _take_results(self) -> None:
        self.results.add(self._runs.ended)
        self._runs.recorded()

    def begin(self) -> None:
        """Take in the state as it stands; `notice` is to be told what is folded from now on."""
        self._runs.begin()

    def take_over(self, now: Reading) -> None:
        """Once, after the node has joined: record what its former process kept, and adopt the runs that it left.

        Raises:
            Unavailable, InDoubt, Poisoned, Corrupt: see `EventStore.append`.
            OSError: the processes cannot be looked at now.
        """
        if self._took_over:
            return
        self.results.take_back()
        self.record(now)
        state = self._ledger.state
        lost = list(state.nodes[self.node].lost_attempts)
        mine = [run for run in state.runs.values() if run.started and self._is_of_this_home(run)]
        in_flight = {(run.number, run.attempt) for run in mine} | {(each.run, each.attempt) for each in lost}
        self._runs.take_over_orphans(now, [run.number for run in mine])
        self._watch_lost(lost, now)
        self._supervisor.tidy(in_flight)
        self._took_over = True

    def turn(self, now: Reading, settings: SchedulerSettings) -> None:
        """Do all but start something new.

        Args:
            now: the moment.
            settings: after how much silence a node is given up.

        Raises:
            Unavailable, InDoubt, Poisoned, Corrupt: see `EventStore.append`.
            OSError: the processes cannot be looked at now.
        """
        self._runs.cancel(now)
        self._launch(settings)
        self._stop_what_is_lost(now)
        self._runs.take_over_orphans(now)
        self._runs.settle_unsupervised(now, self.results.runs)

    def record(self, now: Reading) -> None:
        """Record how attempts ended.

        Raises:
            Unavailable, InDoubt, Poisoned, Corrupt: see `EventStore.append`.
        """
        self.results.settle(self._ledger.state)
        if not len(self.results):
            return
        self._recorder.decide(
            lambda state, at: [*self.results.finishes(state, at), *self.results.reports(state)], now.wall
        )
        self.results.settle(self._ledger.state)

    def start(self, settings: SchedulerSettings) -> None:
        """Start what is assigned to this node; see `turn`.

        Raises:
            Unavailable, InDoubt, Poisoned, Corrupt: see `EventStore.append`.
        """
        if self._assigned:
            self._ledger.decide(self._starts)
            # Some may wait for an earlier attempt to end here, or are not wanted and not skipped yet.
            runs = self._ledger.state.runs.values()
            self._assigned = any(run.assigned is not None and run.assigned.node == self.node for run in runs)
            self._launch(settings)

    def _starts(self, state: State) -> list[Event]:
        events = assigned_starts(state, self.node, self._executor, self._supervisor.secret_sha256)
        busy = self._supervisor.watched_runs
        # An attempt of it that was given up may still be going here: it is stopped first.
        return [event for event in events if event.run not in busy]

    # -- starting --------------------------------------------------------------------------------------------

    def _launch(self, settings: SchedulerSettings) -> None:
        """Start what is on record as started by this process, as far as that is still wanted and not too late."""
        entries, self._to_launch = self._to_launch, []
        started = []
        for entry in entries:
            run = self._ledger.state.runs.get(entry.run or 0)
            if run is None or run.executor != self._executor or run.attempt != v.payload(entry).attempt:
                # It was given up meanwhile, and is reported.
                self.results.add([not_launched(run_of_start(entry), entry.time, TOO_LATE)])
            elif (why_not := self._why_not(run, entry, settings.lost_after_ms / 1000)) is not None:
                self.results.add([why_not])
            else:
                started.append(entry)
        if started:
            self._runs.launch(started)
            self._take_results()

    def _why_not(self, run: Run, entry: Entry, lost_after_s: float) -> Event | None:
        """The end of an attempt that is on record as started and is not to be; None if it is."""
        if run.cancel_seq is not None:
            ended = not_launched(run, entry.time, "it was cancelled before")
            return structs.replace(ended, data=structs.replace(ended.data, outcome="cancelled"))
        now = self._clock.read()
        if not self._renewal.may_start(now.boottime_s, lost_after_s):
            return not_launched(run, entry.time, CUT_OFF)
        if now.wall - entry.time > timedelta(seconds=lost_after_s / 2):
            return not_launched(run, entry.time, TOO_LATE)
        return None

    # -- attempts that were given up -------------------------------------------------------------------------

    def _stop_what_is_lost(self, now: Reading) -> None:
        """Stop the attempts that are lost on record, still go here, and are in the way of what came after them."""
        state = self._ledger.state
        for each in state.nodes[self.node].lost_attempts if len(self._supervisor) else ():
            if each.run in self._supervisor.watched_runs and (why := must_stop(state, each)) is not None:
                self._supervisor.stop(each.run, "cancelled", why, now)

    def _watch_lost(self, given_up: Sequence[LostAttempt], now: Reading) -> None:
        """Watch what a former process of this node started and still goes, although it was given up.

        Of what is gone it is told that nobody knows how it ended.
        """
        state = self._ledger.state
        runs = lost_runs(self._ledger.store, given_up)
        known = self.results.runs | self._supervisor.watched_runs
        candidates = []
        for run in runs:
            job = state.jobs.get(run.job)
            if job is not None and run.started is not None and run.number not in known:
                candidates.append(
                    self._launcher.attempt(run, job.definition, run.started, v.SCHEDULER, to_start=False)
                )
        adopted = self._supervisor.adopt(candidates, now)
        self.results.add(
            lost(run, "its process was gone when the node looked again")
            for run in runs
            if run.number not in adopted and run.number not in known
        )

    # -- what is folded --------------------------------------------------------------------------------------

    def notice(self, entry: Entry) -> None:
        """Keep in line with what is folded, whoever appended it."""
        if entry.run is None:
            return
        self._runs.notice(entry)
        run = self._ledger.state.runs.get(entry.run)
        if run is None:
            return
        if entry.type == v.RunStarted.TYPE and run.executor == self._executor:
            # A node records no start of a run that goes here already: whoever did, nothing is started for it.
            if run.number not in self._supervisor.watched_runs:
                self._to_launch.append(entry)
        elif run.assigned is not None and run.assigned.node == self.node:
            self._assigned = True

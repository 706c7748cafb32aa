"""Runs that a person wants now while no scheduler serves the home: the process that asks executes them itself.

Ledger, rules and supervision are those of the scheduler. Only the executor is another process, and `run.started`
names it. If it dies, the next scheduler takes over the runs that it left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from eventstore.errors import Unavailable
from eventstore.store import OWN_SEQ, Entry, Event
from scheduler import vocabulary as v
from scheduler.clock import Clock
from scheduler.configuration import ConfiguredJob
from scheduler.definition import JobDefinition
from scheduler.entry_members import Claims
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.processes.output_files import remove_what_was_lost
from scheduler.processes.spawner import Spawner
from scheduler.rules.dispatch import not_launched, skipped, started
from scheduler.rules.orphans import ExecutorAlive, orphans, settle
from scheduler.rules.state import Executor, Run, State
from scheduler.service.executor import orphan_of
from scheduler.service.launcher import Launcher
from scheduler.service.supervisor import Supervisor
from scheduler.system_clock import SystemClock

LOOK_S = 1.0
"""A turn is due at least this often."""


class RunRequest(NamedTuple):
    """What a person wants run.

    Attributes:
        definition: of the job.
        options: for a registered job, in place of its configured ones; or `--dry-run` of one in Python.
        parameters: names of those options, for the ledger.
        params: values for parameters of the job.
    """

    definition: JobDefinition
    reason: str = ""
    options: Sequence[str] = ()
    parameters: Sequence[str] = ()
    params: Mapping[str, str] = {}


class LocalExecutor:
    """Runs that this process executes and watches itself.

    Args:
        home: the home; ledger: its ledger; jobs: as the config has them.
        spawner: starts the processes; executor: this process; actor: the person.
        executor_alive: whether another process that watches a run lives.
        clock: where the time comes from; claims: what is said about the person.
    """

    def __init__(
        self,
        home: Home,
        ledger: Ledger,
        jobs: Mapping[str, ConfiguredJob],
        spawner: Spawner,
        executor: Executor,
        actor: str,
        executor_alive: ExecutorAlive,
        clock: Clock | None = None,
        claims: Claims | None = None,
    ) -> None:
        self._home, self._claims = home, claims
        self._ledger, self._executor, self._actor = ledger, executor, actor
        self._spawner, self._supervisor = spawner, Supervisor(spawner)
        self._launcher = Launcher(home)
        self._launcher.use(jobs)
        self._executor_alive = executor_alive
        self._clock = clock or SystemClock()
        self._unrecorded: list[Event] = []
        self._stop_asked = False
        ledger.listen(self._notice)

    @property
    def busy(self) -> bool:
        """Whether something still runs or waits to be recorded."""
        return bool(len(self._supervisor) or self._unrecorded)

    def in_the_way(self, name: str) -> Run | None:
        """A running run of the job, whoever started it; dead runs that no process watches are recorded lost."""
        self._ledger.refresh()
        state, mine = self._ledger.state, self._supervisor.watched_runs
        found = orphans(state, list(state.runs), mine, self._executor_alive)
        alive = self._spawner.alive
        dead = [run for run in found if not alive(run.number, run.attempt, orphan_of(self._home, run))]
        if dead:
            self._ledger.decide(lambda state: settle(state, dead, (), self._executor))
            for run in dead:
                remove_what_was_lost(orphan_of(self._home, run))
        return _running(self._ledger.state, name)

    def begin(self, request: RunRequest) -> int | None:
        """Record the request and start the run, or skip it where the job's overlap policy says so.

        Returns:
            The run's number; None, with nothing recorded, where the policy says to wait (`in_the_way`).

        Raises:
            Unavailable, Poisoned, Corrupt: see `EventStore.append`. Nothing was started.
        """
        entries = self._ledger.decide(lambda state: self._request(state, request))
        if not entries:
            return None
        number = entries[0].seq
        for entry in entries:
            if entry.type == v.RunStarted.TYPE:
                self._launch(entry, request)
        return number

    def _request(self, state: State, request: RunRequest) -> list[Event]:
        name = request.definition.name
        requested = v.RunRequested(
            executor="self",
            reason=request.reason,
            parameters=list(request.parameters),
            claims=self._claims,
            params=dict(request.params),
        )
        events = [v.event(requested, self._actor, job=name, run=OWN_SEQ)]
        run = Run(
            state.head.seq + 1,
            name,
            "manual",
            self._clock.read().wall,
            by="self",
            actor=self._actor,
            params=requested.params,
        )
        other = _running(state, name)
        if other is not None and request.definition.queues:
            return []
        if other is not None and request.definition.overlap == "skip":
            return [*events, skipped(run, "overlap", other.number, self._actor)]
        secret_sha256 = self._spawner.secret_sha256(run.number, 1)
        return [*events, started(run, request.definition, self._executor, secret_sha256, self._actor)]

    def _launch(self, entry: Entry, request: RunRequest) -> None:
        run = self._ledger.state.runs[entry.run or 0]
        try:
            attempt = self._launcher.attempt(
                run, request.definition, entry.time, self._actor, request.options
            )
        except OSError as problem:
            error = problem.strerror or str(problem)
            self._unrecorded.append(not_launched(run, entry.time, error, self._actor))
            return
        self._supervisor.start([attempt], self._clock.read())

    def turn(self, complain: Callable[[str], None]) -> float:
        """Do what can be done now; in how many seconds the next turn is due.

        A ledger that cannot be written is reported to `complain` and tried again: the result of a run is kept
        until it is recorded.
        """
        now = self._clock.read()
        self._unrecorded += self._supervisor.turn(now)
        try:
            self._ledger.refresh()
            if self._unrecorded:
                events = self._unrecorded
                self._ledger.decide(lambda state: [event for event in events if event.run in state.runs])
                self._unrecorded = []
        except Unavailable as problem:
            complain(str(problem))
        wake_s = self._supervisor.wake_s(self._clock.read())
        return LOOK_S if wake_s is None else min(LOOK_S, wake_s)

    def stop(self, reason: str) -> None:
        """Ask all runs to stop; a second call kills them."""
        now = self._clock.read()
        self._supervisor.stop_all(reason, now)
        if self._stop_asked:
            self._supervisor.hurry(now)
        self._stop_asked = True

    def _notice(self, entry: Entry) -> None:
        if entry.type == v.RunCancelRequested.TYPE:
            self._supervisor.cancel(entry, self._clock.read())


def _running(state: State, name: str) -> Run | None:
    return next((run for run in state.runs.values() if run.job == name and run.attempt > 0), None)

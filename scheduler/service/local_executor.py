"""Runs that a person wants now while no scheduler serves the home: the process that asks executes them itself.

Ledger, rules and supervision are those of the scheduler. Only the executor is another process, and `run.started`
names it. If it dies, the next scheduler takes over the runs that it left.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import NamedTuple

from msgspec import structs

from eventstore.errors import Unavailable
from eventstore.store import OWN_SEQ, Entry, Event
from scheduler import vocabulary as v
from scheduler.clock import Clock
from scheduler.configuration.model import ConfiguredJob
from scheduler.definition import JobDefinition
from scheduler.entry_members import Claims, LockWait
from scheduler.home import Home
from scheduler.ledger.ledger import Ledger
from scheduler.processes.output.output_files import remove_what_was_lost
from scheduler.processes.spawner import Spawner
from scheduler.rules.approvals.decisions import definition_in_force
from scheduler.rules.runs.attempts import closed, end_of_wish, is_news, waits_no_longer, with_retry
from scheduler.rules.runs.dispatch import may_start
from scheduler.rules.runs.orphans import ExecutorAlive, orphans, settle
from scheduler.rules.runs.run_events import skipped, started
from scheduler.rules.runs.slots import AskedBefore, asked_before
from scheduler.rules.state import NEVER, Executor, Run, State
from scheduler.scheduler_lock import holder_of
from scheduler.service.attempts.running_attempt import RunningAttempt
from scheduler.service.config_in_force import jobs_as_recorded
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
        retry_of: the run that is made again, if one is; original_scheduled_for: its instant.
        with_dependents: the jobs that run after it follow.
    """

    definition: JobDefinition
    reason: str = ""
    options: Sequence[str] = ()
    parameters: Sequence[str] = ()
    params: Mapping[str, str] = {}
    retry_of: int | None = None
    original_scheduled_for: datetime | None = None
    with_dependents: bool = False

    @property
    def queues(self) -> bool:
        """Whether it waits for another run of its job, instead of being skipped."""
        return self.definition.queues or (self.retry_of is not None and self.definition.overlap != "allow")


class LocalExecutor:
    """Runs that this process executes and watches itself.

    Args:
        home: the home; ledger: its ledger; jobs: as the config has them.
        spawner: starts the processes; executor: this process; actor: the person.
        executor_alive: whether another process that watches a run lives.
        clock: where the time comes from; claims: what is said about the person.
        lock_capacities: how many runs may hold a lock at once, where it is not one.
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
        lock_capacities: Mapping[str, int] | None = None,
        *,
        traced: bool = False,
    ) -> None:
        self._home, self._claims = home, claims
        self._lock_capacities = lock_capacities or {}
        self._ledger, self._executor, self._actor = ledger, executor, actor
        self._spawner, self._supervisor = spawner, Supervisor(spawner)
        self._launcher = Launcher(home, reread=partial(jobs_as_recorded, home))
        self._launcher.use(jobs)
        self._launcher.trace(ledger.state.ledger if traced else None)
        self._own: dict[int, RunRequest] = {}
        self._executor_alive = executor_alive
        self._clock = clock or SystemClock()
        self._unrecorded: list[Event] = []
        self._stop_reason: str | None = None
        ledger.listen(self._notice)

    @property
    def busy(self) -> bool:
        """Whether something still runs, waits for its next attempt, or waits to be recorded."""
        return bool(len(self._supervisor) or self._unrecorded or self._retried())

    def in_the_way(self, name: str) -> Run | None:
        """A running run of the job, whoever started it; dead runs that no process watches are recorded lost."""
        self._ledger.refresh()
        self._settle_dead()
        return _running(self._ledger.state, name)

    def _settle_dead(self) -> None:
        state, mine = self._ledger.state, self._supervisor.watched_runs
        found = orphans(state, list(state.runs), mine, self._executor_alive)
        alive = self._spawner.alive
        dead = [
            structs.replace(run)
            for run in found
            if not alive(run.number, run.attempt, orphan_of(self._home, run))
        ]
        if dead:
            now = self._clock.read().wall
            self._ledger.decide(lambda state: settle(state, dead, (), self._executor, now))
            for run in dead:
                remove_what_was_lost(orphan_of(self._home, run))

    def begin(self, request: RunRequest) -> int | None:
        """Record the request and start the run, or skip it where the job's overlap policy says so.

        Returns:
            The run's number; None, with nothing recorded, where the policy says to wait (`in_the_way`), or where it
            cannot have a lock (`lock_in_the_way`).

        Raises:
            Unavailable, Poisoned, Corrupt: see `EventStore.append`. Nothing was started.
        """
        now = self._clock.read().wall
        entries = self._ledger.decide(lambda state: self._request(state, request, now))
        if not entries:
            return None
        number = entries[0].seq
        self._own[number] = _in_force(self._ledger.state, request)
        self._launch(entries)
        return number

    def lock_in_the_way(self, definition: JobDefinition) -> LockWait | None:
        """The lock that a new run of this job cannot have now; None if it can have all of its locks."""
        if not definition.locks:
            return None
        state = self._ledger.state
        queue = self._asked_before(state, self._clock.read().wall).queue
        return queue.obstacle(state.head.seq + 1, definition.locks)

    def _asked_before(self, state: State, now: datetime) -> AskedBefore:
        served = holder_of(self._home.scheduler_lock) is not None
        return asked_before(state, now, self._lock_capacities, served=served)

    def _request(self, state: State, request: RunRequest, now: datetime) -> list[Event]:
        request = _in_force(state, request)
        name = request.definition.name
        requested = v.RunRequested(
            executor="self",
            reason=request.reason,
            parameters=list(request.parameters),
            claims=self._claims,
            params=dict(request.params),
            retry_of=request.retry_of,
            original_scheduled_for=request.original_scheduled_for,
            with_dependents=request.with_dependents,
        )
        events = [v.event(requested, self._actor, job=name, run=OWN_SEQ)]
        run = Run(
            state.head.seq + 1,
            name,
            "manual",
            now,
            by="self",
            actor=self._actor,
            params=requested.params,
            retry_of=requested.retry_of,
            original_scheduled_for=requested.original_scheduled_for,
        )
        other = _running(state, name)
        if other is not None and request.queues:
            return []
        if other is not None and request.definition.overlap == "skip":
            return [*events, skipped(run, "overlap", other.number, self._actor)]
        locks = request.definition.locks
        queue = self._asked_before(state, now).queue if locks else None
        if queue is not None and not queue.take(run.number, locks):
            return []
        secret_sha256 = self._spawner.secret_sha256(run.number, 1)
        taken = None if queue is None else queue.noted(locks)
        start = started(run, request.definition, self._executor, secret_sha256, self._actor, locks=taken)
        return [*events, start]

    def _launch(self, recorded: Sequence[Entry]) -> None:
        state = self._ledger.state
        for entry in recorded:
            if entry.type != v.RunStarted.TYPE:
                continue
            run, request = state.runs[entry.run or 0], self._own[entry.run or 0]
            definition = request.definition if run.attempt == 1 else state.jobs[run.job].definition
            prepared = self._launcher.prepared(run, definition, entry.time, self._actor, request.options)
            if isinstance(prepared, RunningAttempt):
                self._supervisor.start([prepared], self._clock.read())
            else:
                self._unrecorded.append(prepared)

    # -- further attempts --------------------------------------------------------------------------------------

    def _retried(self) -> list[Run]:
        """The runs begun here that wait for their next attempt."""
        runs = self._ledger.state.runs
        self._own = {number: request for number, request in self._own.items() if number in runs}
        return [runs[number] for number in self._own if runs[number].waits_for_retry]

    def _make_attempts(self, now: datetime) -> None:
        """Start the attempts that are due. A scheduler that serves the home by now may come first."""
        due = [run.number for run in self._retried() if _next_step_at(self._ledger.state, run) <= now]
        if due:
            # A dead run that no process watches would keep its lock, and its job's other runs waiting, for ever.
            self._settle_dead()
            self._launch(self._ledger.decide(lambda state: self._attempts(state, due, now)))

    def _attempts(self, state: State, due: Sequence[int], now: datetime) -> list[Event]:
        events = []
        queue, granted = self._asked_before(state, now)
        for run in (state.runs[number] for number in due if number in state.runs):
            job = state.jobs.get(run.job)
            if not run.waits_for_retry:
                continue
            if (close := waits_no_longer(run, job, now, self._actor)) is not None:
                events.append(close)
            elif job is not None and may_start(run, job, [state.runs[number] for number in job.live]):
                if job.definition.locks and run.number not in granted:
                    continue
                secret_sha256 = self._spawner.secret_sha256(run.number, run.attempt + 1)
                taken = queue.noted(job.definition.locks)
                event = started(run, job.definition, self._executor, secret_sha256, self._actor, locks=taken)
                events.append(event)
        return events

    def _cancelled(self, state: State, reason: str) -> list[Event]:
        """What ends the runs begun here that no process of this one is running."""
        events = []
        for run in (state.runs[number] for number in self._own if number in state.runs):
            if run.waits_for_retry:
                events.append(closed(run, "cancelled", None, self._actor, reason))
            elif run.executor != self._executor and run.cancel_seq is None:
                request = v.RunCancelRequested(reason=reason, claims=self._claims)
                events.append(v.event(request, self._actor, job=run.job, run=run.number))
        return events

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
                self._ledger.decide(
                    lambda state: [
                        with_retry(state, each, now.wall) for each in events if is_news(state, each)
                    ]
                )
                self._unrecorded = []
            if self._stop_reason is not None:
                reason = self._stop_reason
                self._ledger.decide(lambda state: self._cancelled(state, reason))
            self._make_attempts(now.wall)
        except Unavailable as problem:
            complain(str(problem))
        now = self._clock.read()
        waits = [LOOK_S]
        if (wake_s := self._supervisor.wake_s(now)) is not None:
            waits.append(wake_s)
        at = [run.retry.at for run in self._retried() if run.retry is not None and run.retry.at > now.wall]
        return max(0.0, min([*waits, *((each - now.wall).total_seconds() for each in at)]))

    def stop(self, reason: str) -> None:
        """Ask all runs to stop, and let none make another attempt; a second call kills them."""
        now = self._clock.read()
        self._supervisor.stop_all(reason, now)
        if self._stop_reason is not None:
            self._supervisor.hurry(now)
        self._stop_reason = reason

    def _notice(self, entry: Entry) -> None:
        if entry.type == v.RunCancelRequested.TYPE:
            self._supervisor.cancel(entry, self._clock.read())


def _in_force(state: State, request: RunRequest) -> RunRequest:
    """The request, with the definition on record: another process may have recorded an edit meanwhile.

    What a config says that is not in force binds nobody: neither what to start, nor which locks to hold.
    """
    definition = definition_in_force(state, request.definition.name)
    return request if definition is None else request._replace(definition=definition)


def _next_step_at(state: State, run: Run) -> datetime:
    """When there is something to decide about a run that waits: at once if nobody wants its next attempt any more."""
    assert run.retry is not None, "it waits"
    return NEVER if end_of_wish(run, state.jobs.get(run.job)) is not None else run.retry.at


def _running(state: State, name: str) -> Run | None:
    return next((run for run in state.runs.values() if run.job == name and run.attempt > 0), None)

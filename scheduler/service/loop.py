"""The loop: one turn of the scheduler, on whatever clock, store and spawner it is given.

A turn folds what is new, decides, records, acts, and says when the next turn is due. Waiting is for the caller:
`serve` waits on real files, processes and signals, a simulation just moves its clock. No thread shares any of it.

What is decided is the part of `decisions`, what is executed that of `execution`; here they are one scheduler, which
records results, ticks and starts in one append.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from eventstore.errors import Unavailable
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.clock import Clock, Reading
from scheduler.definition import SchedulerSettings
from scheduler.ledger.ledger import Ledger
from scheduler.rules.clock_monitor import ClockMonitor, TimeGap
from scheduler.rules.runs.locks import LockQueue
from scheduler.rules.runs.orphans import ExecutorAlive
from scheduler.rules.runs.round import Room
from scheduler.rules.state import Executor, State
from scheduler.rules.timetable import Due
from scheduler.service.execution import LOOK_S, Execution
from scheduler.service.launcher import Launcher
from scheduler.service.records.decisions import Decisions
from scheduler.service.records.recorder import Recorder
from scheduler.service.supervisor import Supervisor

REST_MAX_S = 3_600.0
"""A turn is due at least this often, whatever the timetable has."""
OPENING_PART = 1_000
"""At most so many entries of a start are one append: those of ten thousand jobs are not in memory all at once."""


class Scheduler:
    """The scheduler of one home.

    Args:
        ledger: the ledger and its state; the scheduler listens to it.
        clock: where the time comes from.
        supervisor: the processes.
        launcher: turns a definition into a process.
        executor: this process, as `run.started` records it.
        settings: how many runs at once, and so on.
        executor_alive: whether the process that watches a run is still alive.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        supervisor: Supervisor,
        launcher: Launcher,
        executor: Executor,
        settings: SchedulerSettings,
        executor_alive: ExecutorAlive,
    ) -> None:
        self.settings = settings
        self._ledger, self._clock, self._supervisor = ledger, clock, supervisor
        self._executor = executor
        now = clock.read()
        self._decisions = Decisions(Recorder(ledger, clock), now)
        self._execution = Execution(ledger, clock, supervisor, launcher, executor, executor_alive)
        self._clock_monitor = ClockMonitor(now)
        self._gaps: list[TimeGap] = []
        self._paused: Reading | None = None
        self._retry_s = 0.0
        self._stopping = False

    @property
    def state(self) -> State:
        """The state, folded up to the last turn."""
        return self._ledger.state

    @property
    def unfinished(self) -> int:
        """How many runs this scheduler watches or has still to record as finished."""
        return len(self._execution)

    @property
    def is_paused(self) -> bool:
        """Whether the ledger could not be written, and still cannot as far as is known."""
        return self._paused is not None

    @property
    def _starts(self) -> bool:
        """Whether runs may begin, and instants are settled."""
        return self._paused is None and not self._stopping

    @property
    def waiting(self) -> int:
        """How many runs wait to begin."""
        return len(self._decisions.waiting)

    def next_due(self) -> Due | None:
        """The next instant of a schedule, with one of its jobs."""
        return self._decisions.next_due()

    @property
    def waits_for_slots(self) -> bool:
        """Whether runs wait although nothing but the number of runs at once keeps them from starting."""
        if len(self._supervisor) < self.settings.max_parallel or not self._starts:
            return False
        queue = LockQueue(self._decisions.holders, self.settings.locks)
        return next(self._decisions.waiting.startable(queue), None) is not None

    # -- beginning and end -----------------------------------------------------------------------------------

    def start(self, opening: Callable[[State, datetime], Sequence[Event]]) -> None:
        """Begin to watch: record `opening`, then settle what happened while nothing was watching.

        Args:
            opening: that a scheduler started, and what brings the ledger in line with the config (`reconcile`); or of
                that, what is not recorded yet.

        Raises:
            Unavailable, Poisoned, Corrupt: see `EventStore.append`.
        """
        self._ledger.refresh()
        now = self._clock.read()
        self._clock_monitor = ClockMonitor(now)
        self._ledger.decide_by_parts(lambda state: opening(state, now.wall), OPENING_PART)
        self._execution.take_over_orphans(now, self.state.runs)
        self._execution.tidy()
        self._decisions.settle_downtime(now)
        self._decisions.begin(now)
        self._execution.begin()
        self._ledger.listen(self._decisions.notice)
        self._ledger.listen(self._execution.notice)
        self._decisions.follow_edits(now)
        self._round(now)

    def begin_stop(self) -> None:
        """Start nothing more; running runs go on. What has fallen due is put on record first."""
        now = self._clock.read()
        if self._paused is None:
            with contextlib.suppress(Unavailable, OSError):
                self._ledger.refresh()
                self._decisions.follow_edits(now)
                self._decisions.record_due(now)
        self._stopping = True

    # -- one turn --------------------------------------------------------------------------------------------

    def turn(self) -> float:
        """Do everything that can be done now.

        Returns:
            In how many seconds something is due next. A turn in between does no harm, and only a turn can see
            that the clock was set or that the machine slept: on a real machine, have one each second.

        Raises:
            Poisoned, Corrupt: the ledger is not to be relied on; the caller stops.
        """
        now = self._clock.read()
        self._execution.look(now)
        if (gap := self._clock_monitor.look(now)) is not None:
            self._gaps.append(gap)
        try:
            self._ledger.refresh()
            self._execution.cancel(now)
            if self._paused is not None:
                if now.monotonic_s < self._retry_s:
                    return self._next_turn_s(now)
                self._resume(now)
            elif self._gaps:
                self._settle_gaps(now)
            # What others have recorded since the last turn, and executors that have died.
            self._execution.take_over_orphans(now)
            self._decisions.end_pauses(now)
            self._decisions.follow_edits(now)
            self._execution.settle_unsupervised(now)
            self._round(now)
            self._decisions.record_beside(now)
            self._execution.cancel(now)
        except Unavailable as problem:
            self._pause(problem, now)
        except OSError as problem:  # what the system refuses now, it may grant later
            self._pause(Unavailable(problem.strerror or str(problem)), now)
        return self._next_turn_s(now)

    def _round(self, now: Reading) -> None:
        """One append for results, ticks, starts and skips; then the processes."""
        if self._starts:
            recorded = self._decisions.round(now, self._execution.ends, self._room)
        else:
            recorded = self._ledger.decide(lambda state: self._execution.ends(state, now.wall))
        self._execution.recorded()
        self._execution.launch([entry for entry in recorded if entry.type == v.RunStarted.TYPE])
        self._decisions.waiting.note_waits(
            self.settings.max_parallel - len(self._supervisor), self._supervisor.slot_holders()
        )

    def _room(self, state: State) -> Room:
        del state
        return Room(
            self.settings.max_parallel - len(self._supervisor),
            self._supervisor.slot_holders(),
            self._executor,
            self._supervisor.secret_sha256,
            self._decisions.holders,
            self.settings.locks,
        )

    # -- what interrupts the service --------------------------------------------------------------------------

    def _settle_gaps(self, now: Reading) -> None:
        """Record the gaps, and let the replayer settle the instants that fell into them."""
        reason = self._gaps[-1].reason
        self._record_gaps()
        if not self._stopping:
            self._decisions.replay(reason, now)

    def _record_gaps(self) -> None:
        events = [event for gap in self._gaps if (event := gap.event()) is not None]
        self._ledger.decide(lambda state: events)
        self._gaps.clear()

    def _pause(self, problem: Unavailable, now: Reading) -> None:
        """The ledger cannot be written: start nothing new, keep the results, record that if the reserve suffices."""
        # Time between the tries: each of them may wake the processes that watch the ledger's folder.
        self._retry_s = now.monotonic_s + LOOK_S
        files = self._ledger.store.files
        if files is not None:
            with contextlib.suppress(OSError):
                files.release_reserve()
        if self._paused is not None:
            return
        self._paused = now
        with contextlib.suppress(Unavailable, OSError):
            self._record_fact(v.SchedulerPaused(reason=str(problem)), now)

    def _resume(self, now: Reading) -> None:
        """Go on once there is room again, for the reserve as well: otherwise the next entries would use it up."""
        assert self._paused is not None
        files = self._ledger.store.files
        if files is not None and not files.restore_reserve():
            self._retry_s = now.monotonic_s + LOOK_S
            return
        paused_ms = round((now.monotonic_s - self._paused.monotonic_s) * 1000)
        self._record_gaps()
        self._record_fact(v.SchedulerResumed(paused_ms=paused_ms), now)
        self._paused = None
        if not self._stopping:
            self._decisions.replay("ledger_unavailable", now)

    def _record_fact(self, payload: v.Payload, now: Reading) -> None:
        """Record a fact about the scheduler itself, together with the results that wait to be recorded."""
        fact = v.event(payload, v.SCHEDULER)
        self._ledger.decide(lambda state: [fact, *self._execution.ends(state, now.wall)])
        self._execution.recorded()

    def _next_turn_s(self, begun: Reading) -> float:
        """In how many seconds the next turn is due, of which the last one began at `begun`."""
        now = self._clock.read()
        waits = [REST_MAX_S]
        if self._paused is not None or self._execution.any_watched_by_others:
            waits.append(LOOK_S)
        if self._execution.ended and self._paused is None:  # what could not be prepared has ended already
            waits.append(0.0)
        wake_s = self._supervisor.wake_s(now)
        if wake_s is not None:
            waits.append(wake_s)
        if self._starts:
            if self._decisions.any_at_once:
                waits.append(0.0)
            else:
                waits += [
                    (moment - now.wall) / timedelta(seconds=1) for moment in self._decisions.next_moments()
                ]
        wait_s = max(0.0, min(waits))
        self._clock_monitor.rest(begun.monotonic_s + wait_s)  # a turn that comes later than this was held up
        return wait_s

"""The loop: one turn of the scheduler, on whatever clock, store and spawner it is given.

A turn folds what is new, decides, records, acts, and says when the next turn is due. Waiting is for the caller:
`serve` waits on real files, processes and signals, a simulation just moves its clock. No thread shares any of it.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from eventstore.errors import Unavailable
from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.clock import Clock, Reading
from scheduler.definition import SchedulerSettings
from scheduler.entry_members import MisfireReason
from scheduler.ledger.ledger import Ledger
from scheduler.rules.after import UndecidedJobs
from scheduler.rules.boots import boot_events
from scheduler.rules.catch_up import replay
from scheduler.rules.clock_monitor import ClockMonitor, TimeGap
from scheduler.rules.falling_due import ROUND_LATE_MAX, due_events, next_batch
from scheduler.rules.reconcile import pauses_ended
from scheduler.rules.runs.attempts import is_news, with_retry
from scheduler.rules.runs.backfill import BackfillTurns
from scheduler.rules.runs.locks import HeldLocks, LockQueue
from scheduler.rules.runs.orphans import ExecutorAlive, late_run_skips, late_runs, orphans
from scheduler.rules.runs.replacement import left_by_edit
from scheduler.rules.runs.round import Room, round_events
from scheduler.rules.runs.waiting_runs import WaitingRuns
from scheduler.rules.state import Executor, State
from scheduler.rules.timetable import Due, Timetable
from scheduler.service.adoption import adopt_or_lose
from scheduler.service.attempts.cancellations import Cancellations
from scheduler.service.launcher import Launcher
from scheduler.service.records.side_records import SideRecords
from scheduler.service.supervisor import Supervisor

REST_MAX_S = 3_600.0
"""A turn is due at least this often, whatever the timetable has."""
LOOK_S = 1.0
"""How often the scheduler looks at what no event announces: executors that die, a disk that has room again."""


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
        self._launcher, self._executor, self._executor_alive = launcher, executor, executor_alive
        self._clock_monitor = ClockMonitor(clock.read())
        self._gaps: list[TimeGap] = []
        self._timetable = Timetable()
        self._due: deque[Due] = deque()
        self._finishes: list[Event] = []
        self._requested: list[int] = []
        self._waiting = WaitingRuns()
        self._held_locks = HeldLocks()
        self._undecided = UndecidedJobs()
        self._watched_by_others: dict[int, None] = {}
        self._mine: dict[int, None] = {}
        self._cancels = Cancellations(supervisor)
        self._look_at_mine_s = 0.0
        self._records = SideRecords(ledger, clock.read())
        self._backfills = BackfillTurns()
        self._touched: dict[str, None] = {}
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
        return len(self._supervisor) + len(self._finishes)

    @property
    def is_paused(self) -> bool:
        """Whether the ledger could not be written, and still cannot as far as is known."""
        return self._paused is not None

    @property
    def waits_for_slots(self) -> bool:
        """Whether runs wait although nothing but the number of runs at once keeps them from starting."""
        return (
            len(self._supervisor) >= self.settings.max_parallel
            and self._paused is None
            and not self._stopping
            and next(self._waiting.startable(LockQueue(self._held_locks.holders, self.settings.locks)), None)
            is not None
        )

    # -- beginning and end -----------------------------------------------------------------------------------

    def start(self, opening: Callable[[State, datetime], Sequence[Event]]) -> None:
        """Begin to watch: record `opening`, then settle what happened while nothing was watching.

        Args:
            opening: that a scheduler started, and what brings the ledger in line with the config (`reconcile`).

        Raises:
            Unavailable, Poisoned, Corrupt: see `EventStore.append`.
        """
        self._ledger.refresh()
        now = self._clock.read()
        self._clock_monitor = ClockMonitor(now)
        self._ledger.decide(lambda state: opening(state, now.wall))
        self._take_over_orphans(now, self.state.runs)
        self._supervisor.tidy({(run.number, run.attempt) for run in self.state.runs.values() if run.started})
        late = late_runs(self.state)
        self._replay("scheduler_down", now)
        self._ledger.decide(lambda state: late_run_skips(state, late, now.wall))
        self._ledger.decide(lambda state: boot_events(state, now.wall))
        self._timetable = Timetable.of(self.state, now.wall)
        for run in self.state.runs.values():
            self._place(run.number, run.job)
            self._touched[run.job] = None  # what the last scheduler left undecided does not wait for its turn
        self._backfills.take_in(self.state)
        self._undecided.begin(self.state)
        self._records.begin()
        self._ledger.listen(self._notice)
        self._follow_edits(now)
        self._round(now)

    def begin_stop(self) -> None:
        """Start nothing more; running runs go on. What has fallen due is put on record first."""
        now = self._clock.read()
        if self._paused is None:
            with contextlib.suppress(Unavailable, OSError):
                self._ledger.refresh()
                self._follow_edits(now)
                self._due.extend(self._timetable.due(now.wall))
                while due := list(self._due)[:ROUND_LATE_MAX]:
                    self._ledger.decide(partial(due_events, due=due, now=now.wall))
                    for _ in due:
                        self._due.popleft()
        self._stopping = True

    def stop_runs(self, reason: str) -> int:
        """Ask every run to stop; how many there were."""
        return self._supervisor.stop_all(reason, self._clock.read())

    def hurry(self) -> None:
        """Kill at once the runs that were asked to stop."""
        self._supervisor.hurry(self._clock.read())

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
        with contextlib.suppress(OSError):  # no descriptors left to look with: the next turn looks again
            self._finishes += self._supervisor.turn(now)
        if (gap := self._clock_monitor.look(now)) is not None:
            self._gaps.append(gap)
        try:
            self._ledger.refresh()
            self._cancels.act(now)
            if self._paused is not None:
                if now.monotonic_s < self._retry_s:
                    return self._next_turn_s(now)
                self._resume(now)
            elif self._gaps:
                self._settle_gaps(now)
            self._follow_others(now)
            self._settle_unsupervised(now)
            self._round(now)
            self._records.turn(now)
            self._cancels.act(now)
        except Unavailable as problem:
            self._pause(problem, now)
        except OSError as problem:  # what the system refuses now, it may grant later
            self._pause(Unavailable(problem.strerror or str(problem)), now)
        return self._next_turn_s(now)

    def _follow_others(self, now: Reading) -> None:
        """Act on what others have recorded since the last turn, and on executors that have died."""
        self._take_over_orphans(now, self._watched_by_others)
        if self._timetable.pauses_over(now.wall):
            self._ledger.decide(lambda state: pauses_ended(state, now.wall))
        self._follow_edits(now)

    def _follow_edits(self, now: Reading) -> None:
        """Record what edits leave behind; a scheduler that starts takes each job with runs for edited."""
        for name in list(self._touched):
            del self._touched[name]  # an edit that comes before the append below touches it anew
            try:
                if (job := self.state.jobs.get(name)) is not None:
                    self._timetable.update(job, now.wall, reopened=name in self.state.reopened)
                    if job.unsettled or job.live:
                        self._ledger.decide(partial(left_by_edit, name=name, now=now.wall))
            except (Unavailable, OSError):
                self._touched[name] = None
                raise

    def _round(self, now: Reading) -> None:
        """One append for results, ticks, starts and skips; then the processes."""
        due: list[Due] = []
        if not self._stopping and self._paused is None:
            self._due.extend(self._timetable.due(now.wall))
            due = next_batch(self._due, now.wall)
        finishes = self._finishes
        recorded = self._ledger.decide(lambda state: self._decide_round(state, now.wall, due, finishes))
        self._finishes = []
        for _ in due:
            self._due.popleft()
        if not self._stopping and self._paused is None:
            self._requested.clear()  # judged: from now on they are owed like all others
        self._launch([entry for entry in recorded if entry.type == v.RunStarted.TYPE])
        self._waiting.note_waits(self.settings.max_parallel - len(self._supervisor), self._supervisor.runs())

    def _decide_round(
        self, state: State, now: datetime, due: Iterable[Due], finishes: Sequence[Event]
    ) -> list[Event]:
        # These come first: they were decided by the state as it stands, which the results change.
        events = [] if self._stopping or self._paused is not None else self._undecided.events(state, now)
        events += [with_retry(state, event, now) for event in finishes if is_news(state, event)]
        events += due_events(state, due, now)
        if self._stopping or self._paused is not None:
            return events
        events += self._backfills.ticks(state, events, now)
        room = Room(
            self.settings.max_parallel - len(self._supervisor),
            self._supervisor.runs(),
            self._executor,
            self._supervisor.secret_sha256,
            self._held_locks.holders,
            self.settings.locks,
        )
        # Jobs that were edited while this round was decided are in `_touched`.
        return events + round_events(state, now, events, self._requested, self._touched, self._waiting, room)

    def _launch(self, started: Sequence[Entry]) -> None:
        """Start the runs that are on record as started."""
        attempts, not_prepared = self._launcher.attempts(started, self.state)
        self._finishes += not_prepared
        # Those that were started nonetheless are found: `_settle_unsupervised`.
        with contextlib.suppress(OSError):
            if attempts:
                self._supervisor.start(attempts, self._clock.read())

    def _notice(self, entry: Entry) -> None:
        """Keep the indexes over the state in line with what is folded, whoever appended it."""
        if entry.job is not None and (entry.type.startswith("job.") or entry.type == v.ScheduleReopened.TYPE):
            self._touched[entry.job] = None
            self._waiting.notice_job(entry.job)
        elif entry.type == v.RunRequested.TYPE and self.state.runs[entry.seq].by == "scheduler":
            self._requested.append(entry.seq)
        elif entry.type == v.RunCancelRequested.TYPE and entry.run is not None:
            self._cancels.note(entry)
            if entry.run in self._waiting and entry.job is not None:
                self._touched[entry.job] = None
        for name in self._undecided.notice(self.state, entry.job):
            self._waiting.notice_job(name)
        if entry.run is not None:
            self._place(entry.run, entry.job or "")
        self._backfills.notice(self.state, entry)
        self._records.notice(entry)

    def _settle_unsupervised(self, now: Reading) -> None:
        """Once a second: runs that this process has started, and that nothing here watches, are adopted or lost."""
        if now.monotonic_s < self._look_at_mine_s:
            return
        self._look_at_mine_s = now.monotonic_s + LOOK_S
        known = self._supervisor.watched_runs | {event.run for event in self._finishes}
        stray = [self.state.runs[number] for number in self._mine if number not in known]
        if stray:
            adopt_or_lose(stray, self._ledger, self._supervisor, self._launcher, self._executor, now)

    def _place(self, number: int, name: str) -> None:
        """Keep a run of the job `name` where it belongs: waiting, watched by others, or neither."""
        run = self.state.runs.get(number)
        job = None if run is None else self.state.jobs.get(run.job)
        self._waiting.notice(number, name, run, job)
        self._held_locks.notice(number, run)
        self._watched_by_others.pop(number, None)
        self._mine.pop(number, None)
        if run is None or run.started is None:
            return
        if run.executor != self._executor:
            self._watched_by_others[number] = None
        else:
            self._mine[number] = None

    # -- what interrupts the service --------------------------------------------------------------------------

    def _take_over_orphans(self, now: Reading, watched_by_others: Iterable[int]) -> None:
        found = orphans(self.state, watched_by_others, self._supervisor.watched_runs, self._executor_alive)
        if found:
            adopt_or_lose(found, self._ledger, self._supervisor, self._launcher, self._executor, now)

    def _settle_gaps(self, now: Reading) -> None:
        """Record the gaps, and let the replayer settle the instants that fell into them."""
        reason = self._gaps[-1].reason
        self._record_gaps()
        self._replay(reason, now)

    def _record_gaps(self) -> None:
        events = [event for gap in self._gaps if (event := gap.event()) is not None]
        self._ledger.decide(lambda state: events)
        self._gaps.clear()

    def _replay(self, reason: MisfireReason, now: Reading) -> None:
        if self._stopping:
            return
        self._due.clear()
        self._ledger.decide(lambda state: pauses_ended(state, now.wall))
        self._ledger.decide_by_jobs(sorted(self.state.jobs), partial(replay, now=now.wall, reason=reason))
        self._timetable = Timetable.of(self.state, now.wall)

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
        self._replay("ledger_unavailable", now)

    def _record_fact(self, payload: v.Payload, now: Reading) -> None:
        """Record a fact about the scheduler itself, together with the results that wait to be recorded."""
        finishes, fact = self._finishes, v.event(payload, v.SCHEDULER)
        self._ledger.decide(lambda state: [fact, *self._decide_round(state, now.wall, (), finishes)])
        self._finishes = []

    def _next_turn_s(self, begun: Reading) -> float:
        """In how many seconds the next turn is due, of which the last one began at `begun`."""
        now = self._clock.read()
        waits = [REST_MAX_S]
        if self._paused is not None or self._watched_by_others:
            waits.append(LOOK_S)
        if self._finishes and self._paused is None:  # what could not be prepared has ended already
            waits.append(0.0)
        wake_s = self._supervisor.wake_s(now)
        if wake_s is not None:
            waits.append(wake_s)
        if self._paused is None and not self._stopping:
            nexts = self._timetable.next_instant(), self._waiting.next_moment(), self._records.next_moment()
            at_once = self._due or self._touched or self._requested or self._backfills
            if at_once or self._waiting.changed or self._undecided.any_decided(self.state):
                waits.append(0.0)
            else:
                waits += [(moment - now.wall) / timedelta(seconds=1) for moment in nexts if moment]
        wait_s = max(0.0, min(waits))
        self._clock_monitor.rest(begun.monotonic_s + wait_s)  # a turn that comes later than this was held up
        return wait_s

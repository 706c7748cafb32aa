"""What a scheduler decides: what falls due, what is owed, what begins and what never will.

These are indexes over the state, which each entry that is folded updates, and the questions that are put to the rules
with them. What becomes of it is recorded by a `Recorder`; which processes run the runs is not known here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from functools import partial

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.clock import Reading
from scheduler.entry_members import MisfireReason
from scheduler.rules.after import UndecidedJobs
from scheduler.rules.boots import boot_events
from scheduler.rules.catch_up import replay
from scheduler.rules.falling_due import ROUND_LATE_MAX, due_events, is_still_due, next_batch
from scheduler.rules.nodes.reassignment import released
from scheduler.rules.nodes.takeover import is_downtime, kept_instants, overdue_runs, taken_over
from scheduler.rules.pauses import pauses_ended
from scheduler.rules.runs.backfill import BackfillTurns
from scheduler.rules.runs.locks import HeldLocks, Holders
from scheduler.rules.runs.orphans import late_run_skips, late_runs
from scheduler.rules.runs.replacement import left_by_edit
from scheduler.rules.runs.round import Room, round_events
from scheduler.rules.runs.waiting_runs import WaitingRuns
from scheduler.rules.state import State
from scheduler.rules.timetable import Due, Timetable
from scheduler.service.records.recorder import Recorder
from scheduler.service.records.side_records import SideRecords

Ends = Callable[[State, datetime], list[Event]]
"""How attempts ended that are to be recorded, as the state stands."""


class Decisions:
    """What is decided for one ledger.

    Args:
        recorder: records it.
        now: when the scheduler starts.

    Attributes:
        waiting: the runs that wait.
    """

    def __init__(self, recorder: Recorder, now: Reading) -> None:
        self._recorder = recorder
        self._timetable = Timetable()
        self._due: deque[Due] = deque()
        self._requested: list[int] = []
        self.waiting = WaitingRuns()
        self._held_locks = HeldLocks()
        self._undecided = UndecidedJobs()
        self._backfills = BackfillTurns()
        self._touched: dict[str, None] = {}
        self._records = SideRecords(recorder, now)

    @property
    def state(self) -> State:
        """The state as it is folded."""
        return self._recorder.state

    @property
    def holders(self) -> Holders:
        """Who holds which lock."""
        return self._held_locks.holders

    # -- beginning -------------------------------------------------------------------------------------------

    def settle_downtime(self, now: Reading, reason: MisfireReason = "scheduler_down") -> None:
        """Settle what happened while nothing was watching, and what was owed before that; `begin` comes next.

        Raises:
            Unavailable, Poisoned, Corrupt: see `EventStore.append`.
        """
        late = late_runs(self.state)
        self._settle_unwatched(reason, now)
        self._recorder.decide(lambda state, at: late_run_skips(state, late, at), now.wall)
        self._recorder.decide(boot_events, now.wall)

    def take_over(self, reason: MisfireReason, now: Reading) -> None:
        """Settle what another leader did not come to, before `begin`; what is not too old falls due now.

        Raises:
            Unavailable, InDoubt, Poisoned, Corrupt: see `EventStore.append`.
        """
        self._recorder.decide(pauses_ended, now.wall)
        if is_downtime(self.state, now.wall):
            self.settle_downtime(now, reason)
            return
        settled = partial(taken_over, reason=reason)
        self._recorder.decide_by_jobs(sorted(self.state.jobs), settled, now.wall)
        self._recorder.decide(lambda state, at: late_run_skips(state, overdue_runs(state, at), at), now.wall)
        self._recorder.decide(boot_events, now.wall)
        self._due = deque(kept_instants(self.state, now.wall))

    def begin(self, now: Reading) -> None:
        """Take in the state as it stands; `notice` is to be told what is folded from now on."""
        self._timetable = Timetable.of(self.state, now.wall)
        for run in self.state.runs.values():
            self._place(self.state, run.number, run.job)
            self._touched[run.job] = None  # what the last scheduler left undecided does not wait for its turn
        self._backfills.take_in(self.state)
        self._undecided.begin(self.state)
        self._records.begin()

    def replay(self, reason: MisfireReason, now: Reading) -> None:
        """Settle the instants that passed unwatched; the timetable begins anew.

        Raises:
            Unavailable, Poisoned, Corrupt: see `EventStore.append`.
        """
        self._settle_unwatched(reason, now)
        self._timetable = Timetable.of(self.state, now.wall)

    def _settle_unwatched(self, reason: MisfireReason, now: Reading) -> None:
        self._due.clear()
        self._recorder.decide(pauses_ended, now.wall)
        self._recorder.decide_by_jobs(sorted(self.state.jobs), partial(replay, reason=reason), now.wall)

    # -- one turn --------------------------------------------------------------------------------------------

    def end_pauses(self, now: Reading) -> None:
        """Record the pauses of jobs that have ended.

        Raises:
            Unavailable, Poisoned, Corrupt: see `EventStore.append`.
        """
        if self._timetable.pauses_over(now.wall):
            self._recorder.decide(pauses_ended, now.wall)

    def follow_edits(self, now: Reading) -> None:
        """Record what edits leave behind; a scheduler that starts takes each job with runs for edited.

        Raises:
            Unavailable, OSError, Poisoned, Corrupt: see `EventStore.append`; what is left is looked at again.
        """
        if self._touched and self._due:
            self._due = deque(
                each for each in self._due if each.job not in self._touched or is_still_due(self.state, each)
            )
        for name in list(self._touched):
            del self._touched[name]  # an edit that comes before the append below touches it anew
            try:
                if (job := self.state.jobs.get(name)) is not None:
                    self._timetable.update(job, now.wall, reopened=name in self.state.reopened)
                    if job.unsettled or job.live:
                        self._recorder.decide(
                            lambda state, at, name=name: left_by_edit(state, name, at),  # type: ignore[misc]
                            now.wall,
                        )
            except Exception:
                self._touched[name] = None
                raise

    def record_due(self, now: Reading) -> None:
        """Record what has fallen due, and nothing that follows from it.

        Raises:
            Unavailable, Poisoned, Corrupt: see `EventStore.append`.
        """
        self._due.extend(self._timetable.due(now.wall))
        while due := list(self._due)[:ROUND_LATE_MAX]:
            self._recorder.decide(
                lambda state, at, due=due: due_events(state, due, at, self._touched),  # type: ignore[misc]
                now.wall,
            )
            for _ in due:
                self._due.popleft()

    def round(self, now: Reading, ends: Ends, room: Callable[[State], Room]) -> list[Entry]:
        """One append for results, ticks, starts and skips.

        Args:
            now: the moment.
            ends: how attempts ended.
            room: what there is to start runs with.

        Raises:
            Unavailable, Poisoned, Corrupt: see `EventStore.append`; nothing was recorded.
        """
        self._due.extend(self._timetable.due(now.wall))
        due = next_batch(self._due, now.wall)
        recorded = self._recorder.decide(
            lambda state, at: self._decide_round(state, at, due, ends, room), now.wall
        )
        for _ in due:
            self._due.popleft()
        self._requested.clear()  # judged: from now on they are owed like all others
        return recorded

    def _decide_round(
        self, state: State, now: datetime, due: Sequence[Due], ends: Ends, room: Callable[[State], Room]
    ) -> list[Event]:
        # These come first: they were decided by the state as it stands, which the results change.
        events = self._undecided.events(state, now)
        events += ends(state, now)
        events += due_events(state, due, now, self._touched)
        events += self._backfills.ticks(state, events, now)
        # Jobs that were edited while this round was decided are in `_touched`.
        return events + round_events(
            state, now, events, self._requested, self._touched, self.waiting, room(state)
        )

    def record_beside(self, now: Reading) -> None:
        """Record what calendars exclude, and what is expected of jobs and does not hold.

        Raises:
            Unavailable, Poisoned, Corrupt: see `EventStore.append`.
        """
        self._records.turn(now)

    # -- what is folded --------------------------------------------------------------------------------------

    def notice(self, entry: Entry) -> None:
        """Keep the indexes over the state in line with what is folded, whoever appended it."""
        state = self.state
        if entry.job is not None and (entry.type.startswith("job.") or entry.type == v.ScheduleReopened.TYPE):
            self._touched[entry.job] = None
            self.waiting.notice_job(entry.job)
        elif entry.type == v.RunRequested.TYPE and state.runs[entry.seq].by == "scheduler":
            self._requested.append(entry.seq)
        elif entry.type == v.RunCancelRequested.TYPE and entry.job is not None and entry.run is not None:
            run = state.runs.get(entry.run)
            if entry.run in self.waiting or (run is not None and run.assigned is not None):
                self._touched[entry.job] = None
        elif entry.type in v.CLOCK_READINGS:
            self.waiting.notice_clock(state)
        for name in self._undecided.notice(state, entry.job):
            self.waiting.notice_job(name)
        if entry.run is not None:
            self._place(state, entry.run, entry.job or "")
        if state.nodes:
            for run in released(state, entry, self.waiting):
                self._place(state, run.number, run.job)
        self._backfills.notice(state, entry)
        self._records.notice(entry)

    def _place(self, state: State, number: int, name: str) -> None:
        """Keep a run of the job `name` where it belongs: waiting, holding locks, or neither."""
        run = state.runs.get(number)
        job = None if run is None else state.jobs.get(run.job)
        self.waiting.notice(number, name, run, job)
        self.waiting.notice_locks(self._held_locks.notice(number, run))

    # -- what comes next -------------------------------------------------------------------------------------

    @property
    def any_at_once(self) -> bool:
        """Whether there is something to decide now."""
        return bool(
            self._due
            or self._touched
            or self._requested
            or self._backfills
            or self.waiting.changed
            or self._undecided.any_decided(self.state)
        )

    def next_due(self) -> Due | None:
        """The next instant of a schedule, with one of its jobs."""
        return self._timetable.next_due()

    def next_moments(self) -> Iterable[datetime]:
        """When there may be something to decide."""
        moments = self._timetable.next_instant(), self.waiting.next_moment(), self._records.next_moment()
        return filter(None, moments)

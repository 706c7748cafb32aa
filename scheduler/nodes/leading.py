"""What a node does besides, while it leads: it decides, for all nodes, and is the only one that does.

Everything here is recorded on a state that names this node and the term that it won, or not at all: a leader that
slept, or was cut off, and finds another one there, has decided nothing.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.clock import Clock, Reading
from scheduler.definition import SchedulerSettings
from scheduler.entry_members import MisfireReason
from scheduler.ledger.ledger import Ledger
from scheduler.nodes.liveness import Liveness
from scheduler.rules.boots import boot_events
from scheduler.rules.clock_monitor import TimeGap
from scheduler.rules.nodes.leadership import is_leader
from scheduler.rules.nodes.losses import losses
from scheduler.rules.nodes.placement import Places
from scheduler.rules.runs.round import Room
from scheduler.rules.state import Executor, State
from scheduler.rules.timetable import Due
from scheduler.service.records.decisions import Decisions, Ends
from scheduler.service.records.recorder import Recorder

NOBODY = Executor("", "", 0, 0)
"""A leader starts nothing itself."""
STEP_SMALL_S = 60.0
"""A smaller step of the database's clock is one as between a server and its standby: what it skips is only late."""


class Leading:
    """One node's leadership for one term, or what is left of that after the database was away.

    Args:
        ledger: the ledger and its state.
        clock: where the time comes from: the database's.
        node: the name of the node; term: which it won.
        reason: why the instants before it were not watched.
        liveness: what was heard of the nodes.
        paused_ms: for how long nothing could be recorded, if that is to be told.

    Attributes:
        term: the number of the term.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: Clock,
        node: str,
        term: int,
        reason: MisfireReason,
        liveness: Liveness,
        paused_ms: int | None = None,
    ) -> None:
        self.term = term
        self._recorder = Recorder(ledger, clock, partial(is_leader, node=node, term=term))
        self._decisions = Decisions(self._recorder, clock.read())
        self._node, self._reason, self._liveness = node, reason, liveness
        self._paused_ms, self._begun = paused_ms, False

    def notice(self, entry: Entry) -> None:
        """Keep in line with what is folded, whoever appended it."""
        if self._begun:
            self._decisions.notice(entry)

    def turn(
        self,
        now: Reading,
        ends: Ends,
        settings: SchedulerSettings,
        gaps: list[TimeGap],
    ) -> None:
        """Decide and record what is to be; what it assigns, each node starts itself.

        Args:
            now: the moment.
            ends: how attempts ended on this node.
            settings: how many runs may hold a lock, and after how much silence a node is given up.
            gaps: time in which this process did not watch, and steps of the clock; emptied once they are settled.

        Raises:
            Unavailable, InDoubt, Poisoned, Corrupt: see `EventStore.append`; begin anew with another `Leading`.
        """
        if not self._begun:
            self._begin(gaps, now)
        elif gaps:
            self._settle(gaps[-1].reason, gaps, now)
        lost_after_s = settings.lost_after_ms / 1000
        self._recorder.decide(
            lambda state, at: losses(state, self._liveness.silence_s, lost_after_s, at), now.wall
        )
        if any(self._recorder.state.at_reboot.values()):
            self._recorder.decide(boot_events, now.wall)
        self._decisions.end_pauses(now)
        self._decisions.follow_edits(now)
        self._decisions.round(now, ends, partial(self._room, settings=settings))
        state = self._recorder.state
        begun = (number for number, run in state.runs.items() if run.begun)
        self._decisions.waiting.note_waits(self._places(state).free, begun)
        self._decisions.record_beside(now)

    def record(self, event: Event, now: Reading) -> None:
        """Record one more event, if this node leads still.

        Raises:
            Unavailable, InDoubt, Poisoned, Corrupt: see `EventStore.append`.
        """
        self._recorder.decide(lambda state, at: [event], now.wall)

    def _begin(self, gaps: list[TimeGap], now: Reading) -> None:
        if self._paused_ms is not None:
            resumed = v.event(v.SchedulerResumed(paused_ms=self._paused_ms), v.SCHEDULER)
            self._recorder.decide(lambda state, at: [resumed], now.wall)
            self._paused_ms = None
        self._settle(self._reason, gaps, now)
        self._begun = True

    def _settle(self, reason: MisfireReason, gaps: list[TimeGap], now: Reading) -> None:
        """Settle what nobody watched. What only a clock that was set far ahead skipped is not late: it was missed."""
        events = [event for gap in gaps if (event := gap.event()) is not None]
        self._recorder.decide(lambda state, at: events, now.wall)
        was_set = any(gap.reason == "clock_step" and abs(gap.by_s) >= STEP_SMALL_S for gap in gaps)
        gaps.clear()
        if was_set:
            self._decisions.replay("clock_step", now)
        if not (was_set and self._begun):
            self._decisions.take_over(reason, now)
            self._decisions.begin(now)

    def _places(self, state: State) -> Places:
        silent = {name for name in state.nodes if name != self._node and self._liveness.is_silent(name)}
        return Places.of(state, silent)

    def _room(self, state: State, settings: SchedulerSettings) -> Room:
        places, holders = self._places(state), self._decisions.holders
        return Room(places.free, (), NOBODY, lambda run, attempt: None, holders, settings.locks, places)

    @property
    def waiting(self) -> int:
        """How many runs wait to begin."""
        return len(self._decisions.waiting)

    def next_due(self) -> Due | None:
        """The next instant of a schedule, with one of its jobs."""
        return self._decisions.next_due()

    def next_moments(self, now: Reading) -> list[datetime]:
        """When there is something to decide; `now` if there is something at once."""
        if not self._begun or self._decisions.any_at_once:
            return [now.wall]
        return list(self._decisions.next_moments())

"""The loop of a node: one turn, on whatever database, clock, store and spawner it is given.

A turn sees what became of the processes here, keeps up the membership, folds what is new, executes what is assigned
to this node and, if it leads, decides for all. Waiting is for the caller. While the database is away the first of
these goes on: runs are watched and stopped in time, their results are kept, and nothing new is started.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta

from msgspec import structs

from eventstore.errors import InDoubt, NoAnswer, Unavailable
from eventstore.replicated.replicated_store import ReplicatedStore
from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.clock import Reading
from scheduler.definition import SchedulerSettings
from scheduler.entry_members import MisfireReason
from scheduler.ledger.ledger import Ledger
from scheduler.nodes.database_clock import DatabaseClock
from scheduler.nodes.execution.node_execution import NodeExecution
from scheduler.nodes.execution.results import Results
from scheduler.nodes.leadership import LEAD_PERIOD_S, Step, next_step
from scheduler.nodes.leading import Leading
from scheduler.nodes.liveness import SILENT_S
from scheduler.nodes.membership import Membership, NameTaken
from scheduler.nodes.outbox import Outbox
from scheduler.rules.clock_monitor import ClockMonitor, TimeGap
from scheduler.rules.nodes.leadership import election
from scheduler.rules.runs.orphans import ExecutorAlive
from scheduler.rules.state import Executor, State
from scheduler.service.launcher import Launcher
from scheduler.service.supervisor import Supervisor

RETRY_S = 1.0
"""How long it waits after something could not be recorded until it tries again."""
REFRESH_S = 1.0
"""The store is looked at this often, even if nothing seems to be new."""
PAUSE_TOLD_MIN_S = 3.0
"""A leader that could not record anything for so long says so when it can."""
STUCK_S = 5.0
"""A node that reaches the database for so long, and can record or keep nothing, falls silent: what it was assigned
goes to others, and another one leads."""
STUCK_SILENT_S = 15.0
"""For so long at most, before it renews its counter again."""
STEP_KEPT_S = 10.0
"""A step of the database's clock that no leader records is kept for so long by a node that may lead next."""
AWAY = (Unavailable, NoAnswer, InDoubt, OSError)


class NodeLoop:
    """One node at work.

    Args:
        ledger: the ledger and its state, over a replicated store.
        clock: the database's clock, as this machine carries it.
        membership: the row of the node in the database.
        supervisor: the processes; launcher: turns a definition into a process.
        executor: this process, as `run.started` records it.
        settings: how many runs may hold a lock, and so on.
        executor_alive: whether another process of this home, which watches a run, is still alive.
        outbox: where results are kept while they cannot be recorded.
        joining: what `node.joined` is to say of this node now.
        hints: whether entries may have come; asked once a turn.
        follow: takes up what was applied meanwhile; whether that changes what `joining` says.

    Attributes:
        settings: those in force.
        problem: what kept it from the database last, in words.
    """

    def __init__(
        self,
        ledger: Ledger,
        clock: DatabaseClock,
        membership: Membership,
        supervisor: Supervisor,
        launcher: Launcher,
        executor: Executor,
        settings: SchedulerSettings,
        executor_alive: ExecutorAlive,
        outbox: Outbox,
        joining: Callable[[], v.NodeJoined],
        *,
        hints: Callable[[], bool] = lambda: False,
        follow: Callable[[], bool] = lambda: False,
    ) -> None:
        self.settings = settings
        assert isinstance(ledger.store, ReplicatedStore), "the ledger is in a database"
        self._store = ledger.store
        self._ledger, self._clock, self._membership = ledger, clock, membership
        self._supervisor, self._joining, self._hints, self._follow = supervisor, joining, hints, follow
        self._execution = NodeExecution(
            membership.node,
            ledger,
            clock,
            supervisor,
            launcher,
            executor,
            executor_alive,
            Results(membership.node, outbox),
            membership.renewal,
        )
        self._clock_monitor: ClockMonitor | None = None
        self._leading: Leading | None = None
        self._term: int | None = None
        self._joined: v.NodeJoined | None = None
        self._incarnation: str | None = None
        self._twin: v.NodeJoined | None = None
        self._away_since: Reading | None = None
        self.problem = ""
        self._gaps: list[TimeGap] = []
        self._retry_s = self._refresh_s = self._step_told_s = float("-inf")
        self._hinted = False
        self._stopping = False
        self._execution.begin()
        ledger.listen(self._notice)
        self._store.between_batches = self._keep_up

    @property
    def state(self) -> State:
        """The state, folded up to the last turn."""
        return self._ledger.state

    @property
    def node(self) -> str:
        """The name of the node."""
        return self._membership.node

    @property
    def leads(self) -> bool:
        """Whether this node leads, in a term that this process won."""
        return self._leading is not None

    @property
    def leading(self) -> Leading | None:
        """What it decides while it leads."""
        return self._leading

    @property
    def has_joined(self) -> bool:
        """Whether it is on record that this process serves."""
        return self._joined is not None

    @property
    def unfinished(self) -> int:
        """How many runs this node watches, or has still to record as finished and has not in its outbox."""
        unkept = self._execution.results.unkept
        return len(self._supervisor) + (unkept if self.is_paused else len(self._execution.results))

    @property
    def is_paused(self) -> bool:
        """Whether the database is away, as far as is known."""
        return self._away_since is not None

    def away_s(self) -> float | None:
        """For how long the database has been away; None if it is there."""
        since = self._away_since
        return None if since is None else self._clock.read().monotonic_s - since.monotonic_s

    # -- beginning and end -----------------------------------------------------------------------------------

    def rejoin(self) -> None:
        """What `joining` says has changed: have it recorded at the next turn."""
        self._joined = None

    def begin_stop(self) -> None:
        """Start nothing more; running runs go on. A leader leads on until it leaves."""
        self._stopping = True
        self.rejoin()

    def leave(self, reason: str, runs_stopped: int = 0, runs_left: int = 0) -> None:
        """Record that this node left in an orderly way: if it led, another one may lead at once.

        Raises:
            Unavailable, NoAnswer, InDoubt: it cannot be recorded: the others find out by its silence.
            Poisoned, Corrupt, Halted: the ledger is not to be relied on.
        """
        left = v.NodeLeft(node=self.node, reason=reason, runs_stopped=runs_stopped, runs_left=runs_left)
        self._ledger.decide(lambda state: [v.event(left, v.SCHEDULER)] if self._serves(state) else [])
        self._leading = None

    def record(self, event: Event) -> None:
        """Record an event that is only a leader's, if this node leads; what cannot be recorded now is left."""
        if self._leading is not None:
            with contextlib.suppress(*AWAY):
                self._leading.record(event, self._clock.read())

    def _serves(self, state: State) -> bool:
        node = state.nodes.get(self.node)
        return node is not None and node.serves

    # -- one turn --------------------------------------------------------------------------------------------

    def turn(self) -> float:
        """Do everything that can be done now.

        Returns:
            In how many seconds something is due next. A turn in between does no harm.

        Raises:
            Halted: the database lost or altered what was committed.
            NameTaken: another home has the name of this node.
            Poisoned, Corrupt: the ledger is not to be relied on.
        """
        now = self._clock.read()
        self._hinted = self._hints() or self._hinted
        self._execution.look(now)
        try:
            self._membership.turn()
            now = self._clock.read()
            self._look_at_clock(now)
            if self._membership.holds and now.monotonic_s >= self._retry_s:
                self._work(now)
                if self._away_since is not None:
                    self._away_since = None
                    self._membership.speak()
        except AWAY as problem:
            self.problem = str(problem)
            self._stand_back(now)
        if self.is_paused:
            self._execution.results.keep()
        return self._next_turn_s(now)

    def _work(self, now: Reading) -> None:
        self._fold(now)
        now = self._clock.read()
        if self._twin is not None:
            raise NameTaken(self.node, self._twin.host)
        self._follow_edits()
        if not self._serves(self.state) or self._joined is None:
            self._join()
        self._execution.take_over(now)
        self._execution.turn(now, self.settings)
        self._lead_or_follow(now)
        if self._leading is not None:
            ends = self._execution.results.finishes
            self._leading.turn(now, ends, self.settings, self._gaps)
        self._gaps = [] if self.leads else [gap for gap in self._gaps if self._is_untold(gap, now)]
        self._execution.record(now)
        # What was assigned by an edit that came in this turn waits until it is known whether the node can run it.
        if not self._stopping and not self._follow_edits():
            self._execution.start(self.settings)
            self._execution.record(now)

    def _fold(self, now: Reading) -> None:
        """Fold what others have appended, as far as there is a sign that there is something."""
        head = self._membership.head
        is_new = head is None or head.halted is not None or head.head != self._store.head()
        if self._hinted or is_new or self._store.in_doubt or now.monotonic_s >= self._refresh_s:
            self._hinted = False
            self._ledger.refresh(lambda folded, count: self._keep_up())
            self._refresh_s = now.monotonic_s + REFRESH_S

    def _follow_edits(self) -> bool:
        """Take up what was applied, before anything is started by it; whether the node is to say something else."""
        if changed := self._follow():
            self._joined = None
        return changed

    def _keep_up(self) -> None:
        """Stay a member while very many entries are taken in: the node was cut off for long, and is alive."""
        if self._membership.holds:
            self._membership.turn()

    def _join(self) -> None:
        """Record that this node serves, and what it takes; a node that stops takes nothing."""
        joined = self._joining()
        if self._stopping:
            joined = structs.replace(joined, max_parallel=0)
        boottime_ms = round(self._clock.read().boottime_s * 1000)
        event = v.event(structs.replace(joined, boottime_ms=boottime_ms), v.SCHEDULER)
        self._ledger.decide(lambda state: [] if _says(state, joined) else [event])
        self._joined, self._incarnation = joined, joined.incarnation

    def _lead_or_follow(self, now: Reading) -> None:
        step = next_step(self.state, self.node, self._term, self._membership.liveness.silence_s)
        if step is Step.FOLLOW or (step is Step.ELECT and not self._elect(now)):
            self._leading = None
        elif self._leading is None or self._leading.term != self._term:
            self._leading = self._new_leading("scheduler_down")

    def _new_leading(self, reason: MisfireReason, paused_ms: int | None = None) -> Leading:
        assert self._term is not None, "it leads"
        liveness = self._membership.liveness
        return Leading(self._ledger, self._clock, self.node, self._term, reason, liveness, paused_ms)

    def _elect(self, now: Reading) -> bool:
        """Have this node elected, if that is still to be once others have appended; whether it leads now."""
        if self._stopping:
            return False
        silence_s = self._membership.liveness.silence_s

        def decide(state: State) -> list[Event]:
            if next_step(state, self.node, self._term, silence_s) is not Step.ELECT:
                return []
            joined, leader = self._joining(), state.leader
            since = None if leader is None else now.wall - timedelta(seconds=silence_s(leader.node))
            return election(
                state,
                self.node,
                host=joined.host,
                boot_id=joined.boot_id,
                pid=joined.pid,
                versions=joined.versions,
                silent_since=since,
            )

        recorded = self._ledger.decide(decide)
        if recorded:
            self._term = v.payload(recorded[0]).term
        return bool(recorded) and self.state.leader is not None and self.state.leader.node == self.node

    # -- what interrupts it ----------------------------------------------------------------------------------

    def _look_at_clock(self, now: Reading) -> None:
        if self._clock_monitor is None:
            if self._clock.is_set:
                self._clock_monitor = ClockMonitor(now)
        elif (gap := self._clock_monitor.look(now)) is not None:
            self._gaps.append(gap)

    def _is_untold(self, gap: TimeGap, now: Reading) -> bool:
        """Whether a leader may have gone before it could record this: a step of the clock that all nodes share."""
        is_fresh = now.boottime_s - gap.boottime_s < STEP_KEPT_S
        return gap.reason == "clock_step" and is_fresh and gap.boottime_s - self._step_told_s > STEP_KEPT_S

    def _stand_back(self, now: Reading) -> None:
        """The database is away, or something else cannot be had: a leader begins anew once it is there."""
        self._away_since = self._away_since or now
        late = self._clock.read()
        self._retry_s = late.monotonic_s + RETRY_S
        away_s = late.monotonic_s - self._away_since.monotonic_s
        if away_s >= STUCK_S and not self._membership.is_away:
            # Silent for long enough that another node leads, and what waits here is assigned anew; not for so long
            # that what runs here is lost.
            silence_s = max(
                SILENT_S + 2 * LEAD_PERIOD_S, min(STUCK_SILENT_S, self.settings.lost_after_ms / 4_000)
            )
            self._membership.fall_silent(silence_s)
        if self._leading is not None:
            paused_ms = round(away_s * 1000) if away_s >= PAUSE_TOLD_MIN_S else None
            self._leading = self._new_leading("ledger_unavailable", paused_ms)

    # -- what is folded --------------------------------------------------------------------------------------

    def _notice(self, entry: Entry) -> None:
        if entry.type == v.ClockStepped.TYPE:
            self._step_told_s = self._clock.read().boottime_s
        if entry.type == v.NodeJoined.TYPE:
            joined: v.NodeJoined = v.payload(entry)
            self._membership.liveness.heard(joined.node)
            if joined.node == self.node and self._incarnation not in (None, joined.incarnation):
                self._twin = (
                    joined  # another process serves under this name: both would judge each other's runs
                )
        if self._leading is not None:
            self._leading.notice(entry)
        self._execution.notice(entry)

    def _next_turn_s(self, begun: Reading) -> float:
        """In how many seconds the next turn is due, of which the last one began at `begun`."""
        now = self._clock.read()
        waits = [self._membership.due_s()]
        if (wake_s := self._supervisor.wake_s(now)) is not None:
            waits.append(wake_s)
        if self._membership.holds and not self._membership.is_away:
            if now.monotonic_s < self._retry_s:
                waits.append(self._retry_s - now.monotonic_s)
            elif self._joined is None or len(self._execution.results):
                waits.append(0.0)
            elif self._leading is not None:
                moments = self._leading.next_moments(now)
                waits += [(moment - now.wall) / timedelta(seconds=1) for moment in moments]
        wait_s = max(0.0, min(waits))
        if self._clock_monitor is not None:
            self._clock_monitor.rest(begun.monotonic_s + wait_s)
        return wait_s


def _says(state: State, joined: v.NodeJoined) -> bool:
    """Whether the state says of a node what `node.joined` would say."""
    node = state.nodes.get(joined.node)
    return (
        node is not None
        and node.serves
        and (node.incarnation, node.labels, node.max_parallel, node.unfit)
        == (joined.incarnation, joined.labels, joined.max_parallel, joined.unfit)
    )

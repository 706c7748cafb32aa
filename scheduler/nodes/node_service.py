"""`serve` on a database: the loop of a node on the real machine."""

from __future__ import annotations

import os
import select
import selectors
import signal
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from functools import partial

from eventstore.errors import InDoubt, NoAnswer, Unavailable
from eventstore.postgresql.refusal import DatabaseUnavailable
from eventstore.replicated.database import Database
from eventstore.replicated.replicated_store import ReplicatedStore
from scheduler import vocabulary as v
from scheduler.configuration.errors import ConfigInvalid, ConfigMissing, ConfigUnreadable
from scheduler.configuration.home_config import load_config
from scheduler.configuration.model import WHATEVER_DAYS
from scheduler.database.agreement import settle_place
from scheduler.database.connection import open_database
from scheduler.database.unreachable import Away, forget_away, keep_away
from scheduler.ledger import snapshot
from scheduler.ledger.ledger import Ledger
from scheduler.ledger.shared_snapshots import SharedSnapshots
from scheduler.nodes.config_on_database import ConfigOnDatabase
from scheduler.nodes.database_clock import OFF_MIN_S, DatabaseClock
from scheduler.nodes.membership import Membership
from scheduler.nodes.node_identity import identity_of, serve_as, served_since_boot
from scheduler.nodes.node_loop import NodeLoop
from scheduler.nodes.outbox import Outbox
from scheduler.ownership.home_identity import forget_processes, is_copy, remember
from scheduler.processes import PosixSpawner
from scheduler.rules.nodes.node_settings import node_settings
from scheduler.service.announcements import ClockOff, DatabaseAway, DatabaseBack, Follows, Leads, NodeReady
from scheduler.service.executor import executors_of
from scheduler.service.launcher import Launcher
from scheduler.service.serving import TURN_MAX_S, Serving, StoppedBeforeItServed
from scheduler.service.shutdown import StoppedRuns
from scheduler.service.supervisor import Supervisor
from scheduler.service_manager.status_words import Standing
from scheduler.waiting import stops_among

CALL_S = 2.0
"""So long one call of the database may take: meanwhile nothing else is looked at, not even the timeout of a run."""
DOUBT_S = 2.0
"""So long an append that got no answer is asked about before something else is looked at."""
AWAY_TOLD_S = 3.0
"""That the database is away is said after so long: most of the time it is back at once."""
_WAITED_FOR = frozenset({"unreachable", "starting"})
"""What may be over in a moment; anything else that is wrong with a database is said when a node starts."""


class NodeService(Serving):
    """One node at work on a home.

    Raises:
        BadNodeName: the node can have no such name.
        RunsUnderFormerName: the home served under another name, and what it started then goes on.
        NameTaken: another home serves under its name.
        DatabaseUnavailable, Halted, OtherLedger, Corrupt: the database, or the mirror, is not to be used.
        StoppedBeforeItServed: a signal came while the database was waited for.
    """

    _loop: NodeLoop
    _in_force: ConfigOnDatabase
    _stop_asked: Sequence[int] = ()

    def _require_home(self) -> None:
        """A home whose ledger is in a database is one: it has a mirror."""

    def _open(self) -> None:
        home = self._home
        # What the config of this home says beside that comes into force only by `config apply`.
        with suppress(ConfigInvalid, ConfigMissing, ConfigUnreadable):
            settle_place(home, load_config(home, home.config, WHATEVER_DAYS).ledger.store)
        copied = is_copy(home)
        identity = identity_of(home, anew=copied)
        is_sure = served_since_boot(home)
        if copied:  # what it started and learnt is the original's
            forget_processes(home)
            Outbox(home.outbox).clear()
        remember(home)
        self._incarnation = os.urandom(16).hex()
        self._node_clock = DatabaseClock(self._clock)
        self._database = open_database(home, call_s=CALL_S)
        self._waiter = self._wait_on(home.mirror)
        store = self._opened()
        self._ledger = Ledger(store, snapshot.newest(home.snapshots, store))
        self._ledger.kept_seq = self._ledger.state.head.seq
        self._snapshots = SharedSnapshots(home.snapshots, self._ledger)
        self._ledger.refresh()
        serve_as(home, identity, self._ledger.state, self._executor.boot_id)
        self._ledger.listen(self._note_entry)
        self._in_force = ConfigOnDatabase(
            home, self._ledger, self._database, self._clock, self._put_in_force, self._announce
        )
        self._launcher = Launcher(home, reread=self._in_force.jobs_now, strict=True)
        self._spawner = PosixSpawner(self._ledger.state.mark, self._waiter.selector, home.processes)
        self._supervisor = Supervisor(self._spawner)
        self._loop = NodeLoop(
            self._ledger,
            self._node_clock,
            Membership(self._database, identity, self._node_clock, is_sure=is_sure),
            self._supervisor,
            self._launcher,
            self._executor,
            self._in_force.config.settings,
            executors_of(home),
            Outbox(home.outbox, store.ledger_id),
            self._joining,
            hints=self._listen(),
            follow=self._follow,
        )
        self._joined_as: v.NodeJoined | None = None
        self._led = self._told_away = False
        self._told_off_s = 0.0

    def _opened(self) -> ReplicatedStore:
        """The ledger with the mirror up to date; the database is waited for, if it is only away at the moment."""
        told = ""
        while True:
            try:
                return ReplicatedStore.open(
                    self._database,
                    self._home.mirror,
                    lambda: self._node_clock.read().wall,
                    patience_s=DOUBT_S,
                )
            except (Unavailable, NoAnswer) as problem:
                if isinstance(problem, DatabaseUnavailable) and problem.reason not in _WAITED_FOR:
                    raise
                if str(problem) != told:
                    told = str(problem)
                    self._say_away(told, 0.0)
                    self._manager.status(f"waits for the database: {told}")
            self._manager.turned(time.monotonic())
            until_s = time.monotonic() + TURN_MAX_S
            while (left_s := until_s - time.monotonic()) > 0:
                if stop := stops_among(self._waiter.wait(left_s)):
                    self._lock.release()
                    raise StoppedBeforeItServed(signal.Signals(stop[0]).name)

    def _listen(self) -> partial[bool]:
        """Have hints of the database wake the loop; what asks whether there were any."""
        fd = self._database.hint_fd()
        if fd is not None:
            self._waiter.selector.register(fd, selectors.EVENT_READ)
        return partial(_hinted, self._database, fd)

    def _joining(self) -> v.NodeJoined:
        config, node = self._in_force.config, self._loop.node
        labels, max_parallel = node_settings(config.nodes, node, config.settings.max_parallel)
        return v.NodeJoined(
            node=node,
            host=self._executor.host,
            boot_id=self._executor.boot_id,
            pid=self._executor.pid,
            max_parallel=max_parallel,
            incarnation=self._incarnation,
            labels=list(labels),
            versions=self._versions,
            unfit=self._in_force.unfit,
        )

    # -- serving -----------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        """Turn until it is on record that this node serves; from then on it stops as one that does."""
        stop: list[int] = []
        while not stop and not self._loop.has_joined:
            stop = stops_among(self._turn_and_wait(TURN_MAX_S))
        if stop and not self._loop.has_joined:
            raise StoppedBeforeItServed(signal.Signals(stop[0]).name)
        self._stop_asked = stop

    def _say_ready(self) -> None:
        forget_away(self._home)
        self._announce(NodeReady(self._loop.node, self._outlook()))
        self._look_at_standing()

    def _turn_and_wait(self, most_s: float) -> list[int]:
        asked, self._stop_asked = list(self._stop_asked), ()
        signals = asked or super()._turn_and_wait(most_s)
        self._look_at_standing()
        return signals

    def _look_at_standing(self) -> None:
        """Say when this node begins to lead or no longer does, and when the database is away or back."""
        if self._loop.leads != self._led:
            self._led = self._loop.leads
            has_key = self._ledger.state.evidence is not None
            self._announce(Leads(self._loop.node, has_key=has_key) if self._led else Follows(self._loop.node))
        away_s = self._loop.away_s()
        if not self._told_away and away_s is not None and away_s >= AWAY_TOLD_S:
            self._told_away = True
            self._say_away(self._loop.problem, away_s)
        elif self._told_away and away_s is None:
            self._told_away = False
            forget_away(self._home)
            self._announce(DatabaseBack())

    def _say_away(self, problem: str, away_s: float) -> None:
        self._announce(DatabaseAway(problem))
        keep_away(self._home, Away(datetime.now(UTC) - timedelta(seconds=away_s), problem))

    def _follow(self) -> bool:
        return self._in_force.follow() and self._says_otherwise()

    def _says_otherwise(self) -> bool:
        """Whether what `node.joined` is to say of this node has changed since this was asked last."""
        before, self._joined_as = self._joined_as, self._joining()
        return self._joined_as != before

    def _each_second(self) -> None:
        if self._says_otherwise():
            self._loop.rejoin()
        off_s = self._node_clock.own_off_by_s()
        if abs(off_s) > OFF_MIN_S and abs(off_s - self._told_off_s) > OFF_MIN_S:
            self._told_off_s = off_s
            self._announce(ClockOff(off_s))
        if self._loop.leads and not self._loop.is_paused:
            self._snapshots.record(self._loop.record)

    def _standing(self) -> Standing:
        problem = "the database is away" if self._loop.is_paused else ""
        standing = Standing(len(self._supervisor), problem=problem, node=self._loop.node, leads=False)
        if (leading := self._loop.leading) is None:
            return standing
        return standing._replace(leads=True, waiting=leading.waiting, next_due=leading.next_due())

    # -- stopping ----------------------------------------------------------------------------------------------

    def _end(self, reason: str, became: StoppedRuns) -> None:
        # If that cannot be recorded, the others find out by its silence.
        with suppress(Unavailable, NoAnswer, InDoubt):
            self._loop.leave(reason, became.stopped, became.left)


def _hinted(database: Database, fd: int | None) -> bool:
    if fd is None or not select.select([fd], [], [], 0)[0]:
        return False
    database.drain_hints()
    return True

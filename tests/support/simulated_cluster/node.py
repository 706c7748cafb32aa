"""A node of the simulation: a machine with a home, and the process that serves there, at times."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from eventstore.errors import InDoubt, NoAnswer, Unavailable
from eventstore.replicated.database import NodeIdentity, Pulse
from eventstore.replicated.mirror import Mirror
from eventstore.replicated.replicated_store import ReplicatedStore
from eventstore.store import Entry, Event, Head
from scheduler import vocabulary as v
from scheduler.definition import SchedulerSettings
from scheduler.ledger.ledger import Ledger
from scheduler.nodes.database_clock import DatabaseClock
from scheduler.nodes.membership import Membership
from scheduler.nodes.node_loop import NodeLoop
from scheduler.nodes.outbox import Outbox
from scheduler.rules.state import Executor
from scheduler.service.launcher import Launcher
from scheduler.service.supervisor import Supervisor
from tests.support.simulated_cluster.laws.history import Interval, NodeHistory
from tests.support.simulated_cluster.machine import Machine, MachineSpawner
from tests.support.simulated_cluster.network import Network
from tests.support.simulated_cluster.simulation import NEVER_S, Killed, SimulatedProcess, Simulation
from tests.support.simulated_database import SimulatedDatabase
from tests.support.simulated_server import DatabaseServer
from tests.support.world import HOME, NoOutput

HINT_S = 0.003
"""So long a hint is on its way."""
SHORTEST_S = 0.0005
STUMBLE_S = 5.0
"""For so long after a call met something a node may be late."""


class NodeDatabase(SimulatedDatabase):
    """The database as a node reaches it, which notes what the node knows of its own renewals."""

    known_s = -NEVER_S
    """When the last renewal was sent that was acknowledged, by the timeline."""

    def renew(self, identity: NodeIdentity) -> Pulse | None:
        """See `Database.renew`."""
        sent_s = self.server.timeline.now_s
        pulse = super().renew(identity)
        if pulse is not None:
            self.known_s = sent_s
        return pulse


class NodeStore(ReplicatedStore):
    """The store of a node, which notes what it acknowledged."""

    acknowledged: set[str]

    def append(self, events: Sequence[Event], expected: Head | None = None) -> list[Entry]:
        """See `EventStore.append`."""
        entries = super().append(events, expected)
        self.acknowledged.update(entry.hash for entry in entries)
        return entries


class Surroundings:
    """What all nodes share.

    Attributes:
        simulation, server, root: the processes, the database, a folder for all files.
        settings: of the ledger's config.
        acknowledged: the hashes of the entries of which anybody was told that they are recorded.
        story: what happened, for people.
        stores: all that were ever opened, each with its files open as long as the life lasts.
    """

    def __init__(
        self,
        simulation: Simulation,
        server: DatabaseServer,
        root: Path,
        settings: SchedulerSettings,
    ) -> None:
        self.simulation, self.server, self.root = simulation, server, root
        self.settings = settings
        self.acknowledged: set[str] = set()
        self.story: list[str] = []
        self.stores: list[NodeStore] = []

    @property
    def now_s(self) -> float:
        """Now, by the timeline."""
        return self.simulation.now_s

    def note(self, text: str) -> None:
        """Put something into the story."""
        self.story.append(f"{self.now_s:10.3f}  {text}")


class SimulatedNode:
    """A node.

    Args:
        shared: what it shares with the others.
        name: of the node and its machine.
        seed: of all that is random about it.
        wrong_s: by how much its wall clock is wrong.
        max_parallel: how many runs it takes at once.

    Attributes:
        history: what befell it.
        network: its way to the database.
        cut: whether it is cut off from the database.
        held_up: how often the process is stopped right before it starts a run's process, between 0 and 1.
        kept_max: so many results at most waited for the database at once.
        error: with what its process ended, if not in order; None otherwise.
    """

    def __init__(
        self,
        shared: Surroundings,
        name: str,
        seed: str,
        *,
        wrong_s: float,
        max_parallel: int,
    ) -> None:
        self.shared, self.name = shared, name
        self._rng = random.Random(seed)
        self.machine = Machine(name, shared.simulation.timeline, random.Random(seed + " machine"), wrong_s)
        self.folder = shared.root / name
        self.max_parallel = max_parallel
        self.history = NodeHistory()
        self.network = Network(self._rng, 0.0, self._stumble)
        self.cut, self.held_up, self.kept_max = False, 0.0, 0
        self.process: SimulatedProcess | None = None
        self.database: NodeDatabase | None = None
        self.loop: NodeLoop | None = None
        self.error: BaseException | None = None
        self._executor: Executor | None = None
        self._processes = 0
        self._leaves: str | None = None
        self._hinted = False

    @property
    def serves(self) -> bool:
        """Whether its process is there, stopped or not."""
        return self.process is not None and not self.process.ended

    # -- what befalls it ---------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the process that serves."""
        assert not self.serves
        self._note("starts")
        self.machine.bury()
        self.error, self._leaves = None, None
        self._processes += 1
        self.process = self.shared.simulation.start(f"{self.name}#{self._processes}", self._work)
        self._look()

    def kill(self) -> None:
        """Kill the process that serves; the processes of its runs go on."""
        if self.process is not None:
            self._note("is killed")
            self.shared.simulation.kill(self.process)
        self._gone()

    def reboot(self) -> None:
        """The machine is switched off and on; nothing serves there until it is started."""
        self.kill()
        self._note("reboots")
        self.machine.reboot()

    def stop(self, seconds: float) -> None:
        """Stop the process that serves (SIGSTOP) for some time, however long it was to be stopped before."""
        if self.process is not None and self.serves:
            now_s = self.shared.now_s
            self._note(f"is stopped for {seconds:.1f} s")
            self.process.stopped_until_s = until_s = now_s + seconds
            before = [each._replace(end_s=min(each.end_s, until_s)) for each in self.history.absent]
            self.history.absent = [*before, Interval(now_s, until_s)]

    def go_on(self) -> None:
        """Whatever holds it up ends."""
        now_s = self.shared.now_s
        if self.process is not None:
            self.process.stopped_until_s = 0.0
            self.history.absent = [
                each._replace(end_s=min(each.end_s, now_s)) for each in self.history.absent
            ]
        self.cut_off(False)

    def cut_off(self, cut: bool) -> None:
        """Cut it off from the database, or let it be reached again."""
        if cut != self.cut:
            self._note("is cut off" if cut else "is reached again")
        self.cut = cut
        if self.database is not None:
            self.database.cut = cut
        self._look()

    def leave(self, reason: str) -> None:
        """Ask the process that serves to stop in an orderly way."""
        self._note("is asked to stop")
        self._leaves = reason
        if self.process is not None:
            self.process.wake()

    def _stumble(self, text: str) -> None:
        now_s = self.shared.now_s
        self.history.stumbles.append(Interval(now_s, now_s + STUMBLE_S))
        self._note(text)

    def _note(self, text: str) -> None:
        self.shared.note(f"{self.name} {text}")

    def _look(self) -> None:
        self.history.note(self.shared.now_s, there=self.serves and not self.cut)

    def _gone(self) -> None:
        if self._executor is not None:
            self.machine.serving.discard(self._executor)
        if self.database is not None:
            self.database.close()
        self.process = self.database = self.loop = None
        self._look()

    # -- the process that serves -------------------------------------------------------------------------------

    def _work(self, process: SimulatedProcess) -> None:
        try:
            self._serve(process)
        except Killed:
            raise
        except BaseException as error:
            self.error = error
            raise
        finally:
            if not process.killed:
                self._note(f"ends: {self.error!r}")
                self._gone()

    def _serve(self, process: SimulatedProcess) -> None:
        shared = self.shared
        database = self._open_database(process)
        clock = DatabaseClock(self.machine.clock)
        store = NodeStore(
            database,
            Mirror.open(self.folder / "mirror"),
            lambda: clock.read().wall,
            pause=process.wait,
            monotonic_s=lambda: shared.now_s,
        )
        store.acknowledged = shared.acknowledged
        shared.stores.append(store)
        self._executor = executor = self.machine.executor()
        spawner = MachineSpawner(
            self.machine, process.name, lambda: database.known_s, lambda: self._hold_up(process)
        )
        outbox = Outbox(self.folder / "outbox")
        identity = NodeIdentity(self.name, f"{self.name:0>32}", self.name)
        self.loop = loop = NodeLoop(
            Ledger(store),
            clock,
            Membership(database, identity, clock),
            Supervisor(spawner, NoOutput, lambda running: None),
            Launcher(HOME, {}),
            executor,
            shared.settings,
            lambda other: other in self.machine.serving,
            outbox,
            self._joining(executor),
            hints=self._take_hint,
        )
        while True:
            wait_s = loop.turn()
            self.kept_max = max(self.kept_max, len(outbox.kept()))
            if self._leaves is not None:
                self._leave(loop, process)
                return
            wait_s = min(wait_s, self.machine.next_end_s() - shared.now_s)
            process.wait(max(SHORTEST_S, wait_s), idle=True)

    def _leave(self, loop: NodeLoop, process: SimulatedProcess) -> None:
        loop.begin_stop()
        loop.turn()
        process.wait(SHORTEST_S)
        with suppress(Unavailable, NoAnswer, InDoubt):  # then its silence tells the others
            loop.leave(self._leaves or "")

    def _open_database(self, process: SimulatedProcess) -> NodeDatabase:
        self.database = database = NodeDatabase(self.shared.server, process.name)
        database.trouble, database.wait, database.cut = self.network, process.wait, self.cut
        database.before = database.after = lambda call: process.check()
        database.hinted = lambda: self._hint(process)
        return database

    def _hint(self, process: SimulatedProcess) -> None:
        """Entries may have come."""
        self._hinted = True
        process.wake(HINT_S)

    def _take_hint(self) -> bool:
        hinted, self._hinted = self._hinted, False
        return hinted

    def _joining(self, executor: Executor) -> Callable[[], v.NodeJoined]:
        joined = v.NodeJoined(
            node=self.name,
            host=self.name,
            boot_id=executor.boot_id,
            pid=executor.pid,
            max_parallel=self.max_parallel,
            incarnation=f"{self.name}-{self._processes}",
        )
        return lambda: joined

    def _hold_up(self, process: SimulatedProcess) -> None:
        """Right before a process exists, its starter may be stopped; so the check that allowed it may be old."""
        process.check()
        if self.held_up and self._rng.random() < self.held_up:
            self.stop(self._rng.choice((0.5, 20.0, 40.0, 120.0)))
            process.wait(0.0)

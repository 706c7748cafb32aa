"""Several nodes on one simulated database, turned by hand one after another: for tests that tell a story.

Lives of nodes from seeds, where anything may go wrong at any call, are `tests.support.simulated_cluster`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path

from eventstore.replicated.database import NodeIdentity
from eventstore.replicated.mirror import Mirror
from eventstore.replicated.replicated_store import ReplicatedStore
from eventstore.store import Entry, Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, SchedulerSettings
from scheduler.ledger.ledger import Ledger
from scheduler.nodes.database_clock import DatabaseClock
from scheduler.nodes.membership import Membership
from scheduler.nodes.node_loop import NodeLoop
from scheduler.nodes.outbox import Outbox
from scheduler.rules.laws.ledger_laws import illegal_entries
from scheduler.rules.reconcile import reconcile
from scheduler.rules.state import State
from scheduler.service.launcher import Launcher
from scheduler.service.supervisor import Supervisor
from tests.support.simulated_database import SimulatedDatabase
from tests.support.simulated_server import DatabaseServer
from tests.support.world import BEGIN, HOME, Machine, NoOutput, Process, SimulatedClock, SimulatedSpawner

STEP_S = 0.05
"""Time passes in steps of this: each node that lives turns at each."""


class NodeOfWorld:
    """A machine with a home, and the process that serves there, at times.

    Attributes:
        number: tells its home from others.
        machine: its clocks and processes, which outlive the process that serves.
        loop: of that process; None while there is none.
        stopped: whether it is stopped (SIGSTOP): it does not turn.
        database: as that process reaches it.
    """

    def __init__(
        self,
        world: NodeWorld,
        name: str,
        max_parallel: int,
        labels: Sequence[str] = (),
        *,
        number: int | None = None,
    ) -> None:
        self._world, self.name = world, name
        self.number = len(world.nodes) + 1 if number is None else number
        self.machine = Machine(SimulatedClock(BEGIN + timedelta(hours=self.number)))
        self.machine.boots = self.number
        self.max_parallel, self.labels = max_parallel, list(labels)
        self.loop: NodeLoop | None = None
        self.stopped = False
        self._lives = 0

    def start(self) -> None:
        """Start a process that serves."""
        self._lives += 1
        self.executor = self.machine.executor()
        self.database = SimulatedDatabase(self._world.server, f"{self.name} {self._lives}")
        self.database.wait = lambda seconds: None
        clock = DatabaseClock(self.machine.clock)
        folder = self._world.root / self.name
        store = ReplicatedStore(
            self.database,
            Mirror.open(folder / "mirror"),
            lambda: clock.read().wall,
            patience_s=0.0,
            pause=lambda seconds: None,
        )
        self.loop = NodeLoop(
            Ledger(store),
            clock,
            Membership(self.database, NodeIdentity(self.name, f"{self.number:032x}", self.name), clock),
            Supervisor(SimulatedSpawner(self.machine), NoOutput, lambda running: None),
            Launcher(HOME, {}),
            self.executor,
            SchedulerSettings(max_parallel=self.max_parallel),
            lambda executor: executor in self.machine.alive,
            Outbox(folder / "outbox"),
            self._joining,
        )

    def _joining(self) -> v.NodeJoined:
        return v.NodeJoined(
            node=self.name,
            host=self.name,
            boot_id=self.executor.boot_id,
            pid=self.executor.pid,
            max_parallel=self.max_parallel,
            incarnation=f"{self.name}-{self._lives}-{id(self):x}",
            labels=self.labels,
        )

    def take(self, max_parallel: int) -> None:
        """From now on it takes so many runs at once."""
        self.max_parallel = max_parallel
        assert self.loop is not None
        self.loop.rejoin()

    def kill(self) -> None:
        """The process is gone; what it started goes on."""
        self.machine.alive.discard(self.executor)
        self.loop, self.stopped = None, False

    def die(self) -> None:
        """The machine is gone, with all that runs on it."""
        self.kill()
        self.machine.reboot()

    @property
    def processes(self) -> list[tuple[int, int]]:
        """Run and attempt of what runs here."""
        return list(self.machine.processes)


class NodeWorld:
    """The nodes, their database, and what a person records.

    Args:
        root: a folder for mirrors and outboxes.
        jobs: what is in force.
    """

    def __init__(self, root: Path, *jobs: JobDefinition) -> None:
        self.root, self.server = root, DatabaseServer()
        self.nodes: dict[str, NodeOfWorld] = {}
        database = SimulatedDatabase(self.server, "person")
        self._store = ReplicatedStore(database, Mirror.open(root / "person"), self.server.now, patience_s=0.0)
        self._person = Ledger(self._store)
        self.edit(*jobs)

    def edit(self, *jobs: JobDefinition) -> None:
        """A person applies a config."""
        definitions = {each.name: each for each in jobs}
        self.say(lambda state: reconcile(state, definitions, "config", self.server.now()))

    def node(self, name: str, max_parallel: int = 4, *labels: str) -> NodeOfWorld:
        """A further machine, with a process that serves."""
        node = self.nodes[name] = NodeOfWorld(self, name, max_parallel, labels)
        node.start()
        return node

    def run(self, seconds: float, step_s: float = STEP_S) -> None:
        """Time passes on all machines and in the database, in steps at each of which every node turns."""
        for _ in range(round(seconds / step_s)):
            for node in self.nodes.values():
                if node.loop is not None and not node.stopped:
                    node.loop.turn()
            self.server.timeline.pass_(step_s)
            for node in self.nodes.values():
                node.machine.clock.pass_(step_s)

    def until(self, done: Callable[[], bool], patience_s: float = 30.0) -> None:
        """Time passes until something holds."""
        for _ in range(round(patience_s / STEP_S)):
            if done():
                return
            self.run(STEP_S)
        raise AssertionError("it does not come to that")

    @property
    def state(self) -> State:
        """What the ledger says."""
        self._person.refresh()
        return self._person.state

    def say(self, decide: Callable[[State], Sequence[Event]]) -> list[Entry]:
        """A person has something recorded."""
        self._person.refresh()
        return self._person.decide(decide)

    def ask(self, job: str) -> int:
        """A person asks for a run; its number."""
        requested = v.RunRequested(executor="scheduler", reason="")
        return self.say(lambda state: [v.event(requested, "user:ann@sim", job=job, run=-1)])[0].seq

    @property
    def leader(self) -> NodeOfWorld:
        """Who leads, as the ledger says."""
        assert self.state.leader is not None, "somebody leads"
        return self.nodes[self.state.leader.node]

    @property
    def other(self) -> NodeOfWorld:
        """One that does not lead."""
        return next(node for node in self.nodes.values() if node is not self.leader)

    def entries(self, *types: type[v.Payload]) -> list[Entry]:
        """The ledger, or those entries of it that have one of the types."""
        self._person.refresh()
        wanted = {each.TYPE for each in types}
        return [entry for entry in self._store.read(0) if not wanted or entry.type in wanted]

    def broken_laws(self) -> list[str]:
        """What is wrong with the ledger as it stands."""
        return [f"{each.seq} {each.type}: {each.why}" for each in illegal_entries(self.entries())]


def world_of(root: Path, *jobs: JobDefinition, nodes: str = "abc", seconds: float = 0.0) -> NodeWorld:
    """Nodes that serve; each of their processes runs for so many seconds."""
    world = NodeWorld(root, *jobs)
    for name in nodes:
        world.node(name).machine.behaviour = lambda launch: Process(seconds, 0)
    world.run(1.0)
    return world


def runs_on(world: NodeWorld) -> NodeOfWorld:
    """The node on which the one run goes that is going."""
    (node,) = (node for node in world.nodes.values() if node.processes)
    return node

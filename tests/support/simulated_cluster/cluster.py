"""Several nodes that share a ledger on one simulated database, the person at the desk, and the laws."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from eventstore.errors import Halted
from eventstore.replicated.mirror import Mirror
from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, SchedulerSettings
from scheduler.ledger.ledger import Ledger
from scheduler.rules.reconcile import reconcile
from scheduler.rules.state import State
from tests.support.simulated_cluster.laws.attempts import check_attempts, check_runs
from tests.support.simulated_cluster.laws.capacity import check_capacity
from tests.support.simulated_cluster.laws.history import History, Interval, committed_entries, hashes
from tests.support.simulated_cluster.laws.instants import check_instants
from tests.support.simulated_cluster.laws.leaders import check_failovers, check_leaders
from tests.support.simulated_cluster.laws.silence import check_silence
from tests.support.simulated_cluster.machine import JobProcess
from tests.support.simulated_cluster.mirror_files import check_prefix, mirrored
from tests.support.simulated_cluster.node import NodeStore, SimulatedNode, Surroundings
from tests.support.simulated_cluster.simulation import NEVER_S, Simulation
from tests.support.simulated_cluster.story import told
from tests.support.simulated_database import SimulatedDatabase
from tests.support.simulated_server import BEGIN, DatabaseServer, Timeline, created

KEPT_PER_SLOT_MAX = 2
"""A slot has the result of an attempt that was given up, and that of the one that took its place, at most."""


class Cluster:
    """Nodes, a database, a person.

    Args:
        root: a folder for all files.
        jobs: the config.
        settings: of the config.
        segment_entries: how many entries a segment holds.
        seed: of all that is random.

    Attributes:
        server: the database.
        nodes: by name.
        jobs: the config, as it is now.
        may_halt: whether a node may halt since the database lost what was committed.
    """

    def __init__(
        self,
        root: Path,
        jobs: Sequence[JobDefinition],
        settings: SchedulerSettings,
        *,
        segment_entries: int = 65_536,
        seed: int = 0,
    ) -> None:
        self.timeline = Timeline()
        self.simulation = Simulation(self.timeline)
        self.server = DatabaseServer(self.timeline, created(BEGIN, segment_entries))
        self.shared = Surroundings(self.simulation, self.server, root, settings)
        self.nodes: dict[str, SimulatedNode] = {}
        self.jobs = {job.name: job for job in jobs}
        self._edits, self._seed = 0, seed
        self._settings, self.may_halt = settings, False
        self._away: list[Interval] = []
        self._away_since_s: float | None = None
        self._desk = self._open_desk()
        self.edit()

    def add(self, name: str, *, wrong_s: float = 0.0, max_parallel: int = 4) -> SimulatedNode:
        """Add a node, which does not serve yet."""
        seed = f"{self._seed} {name}"
        node = SimulatedNode(self.shared, name, seed, wrong_s=wrong_s, max_parallel=max_parallel)
        self.nodes[name] = node
        return node

    def note(self, text: str) -> None:
        """Put something into the story."""
        self.shared.note(text)

    # -- time --------------------------------------------------------------------------------------------------

    def run(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            AssertionError: a node's process ended by itself.
        """
        self.simulation.run(seconds)
        for node in self.nodes.values():
            if node.error is not None and not (self.may_halt and isinstance(node.error, Halted)):
                raise AssertionError(f"{node.name} ended: {node.error!r}") from node.error

    def close(self) -> None:
        """End all processes."""
        self.simulation.close()
        for store in self.shared.stores:
            store.close()

    # -- what befalls the database -----------------------------------------------------------------------------

    def go_away(self) -> None:
        """Nobody reaches the database."""
        if self._away_since_s is None:
            self.note("the database is away")
            self.server.away, self._away_since_s = True, self.timeline.now_s

    def come_back(self) -> None:
        """Everybody reaches it again."""
        if self._away_since_s is not None:
            self.note("the database is back")
            self.server.away = False
            self._away.append(Interval(self._away_since_s, self.timeline.now_s))
            self._away_since_s = None

    def blink(self) -> None:
        """Note that something happened to the database."""
        self._away.append(Interval(self.timeline.now_s, self.timeline.now_s))

    def restart_database(self) -> None:
        """It crashes and is there again at once."""
        self.note("the database restarts")
        self.server.restart()
        self.blink()

    def fail_over(self, kept: int) -> int:
        """A standby takes over; how many entries are lost, of which nobody was told."""
        lost = self.server.fail_over(kept)
        self.note(f"a standby takes over, {lost} entries are lost")
        self.blink()
        return lost

    def set_back(self, seq: int) -> None:
        """An old backup is restored, with the entries up to one of them."""
        self.note(f"the database is set back to entry {seq}")
        self.go_away()
        self.server.set_back(seq)
        self.server.away = False

    def refill(self) -> None:
        """What is missing is put back from the longest mirror."""
        here = self.server.lines()
        longest = max((mirrored(self.shared.root / name / "mirror") for name in self.nodes), key=len)
        assert longest[: len(here)] == here, "the longest mirror is of another branch"
        self.server.refill(longest[len(here) :])
        self.note(f"{len(longest) - len(here)} entries are put back")
        self.come_back()

    # -- the person at the desk --------------------------------------------------------------------------------

    def _open_desk(self) -> Ledger:
        database = SimulatedDatabase(self.server, "desk")
        store = NodeStore(
            database,
            Mirror.open(self.shared.root / "desk"),
            self.server.now,
            pause=lambda seconds: None,
            monotonic_s=lambda: self.timeline.now_s,
        )
        store.acknowledged = self.shared.acknowledged
        self.shared.stores.append(store)
        return Ledger(store)

    @property
    def state(self) -> State:
        """What the ledger says; the database must not be away."""
        self._desk.refresh()
        return self._desk.state

    def say(self, decide: Callable[[State], Sequence[Event]]) -> None:
        """Record something as a person does."""
        self._desk.refresh()
        self._desk.decide(decide)

    def person(self, payload: v.Payload, name: str | None = None, run: int | None = None) -> None:
        """A person says something."""
        self.note(f"a person: {payload}"[:100])
        self.say(lambda state: [v.event(payload, "user:ann@desk", job=name, run=run)])

    def edit(self, *jobs: JobDefinition) -> None:
        """Change the config, and have it applied."""
        self.jobs.update({job.name: job for job in jobs})
        self._edits += 1
        digest = f"config-{self._edits}"
        self.say(lambda state: reconcile(state, self.jobs, digest, self.server.now(), {}, "ann"))

    # -- the laws ----------------------------------------------------------------------------------------------

    def history(self) -> History:
        """What happened."""
        for name, node in self.nodes.items():
            node.history.renewed_s = self.server.renewed_s.get(name, [])
        away = [*self._away]
        if self._away_since_s is not None:
            away.append(Interval(self._away_since_s, NEVER_S))
        return History(
            committed_entries(self.server),
            sorted(self._processes(), key=lambda each: each.began_s),
            {name: node.history for name, node in self.nodes.items()},
            away,
            self.shared.acknowledged,
            self._settings.lost_after_ms / 1000,
            dict(self._settings.locks),
            self.timeline.now_s,
            self.server.now().timestamp(),
        )

    def check_mirrors(self) -> None:
        """Every mirror is a prefix of what was committed.

        Raises:
            AssertionError: one is not.
        """
        committed = [self.server.lines(), *self.server.branches]
        for name in self.nodes:
            check_prefix(mirrored(self.shared.root / name / "mirror"), committed, name)

    def check_memory(self) -> None:
        """What waits to be recorded is bounded, and nothing waits once everything is at rest.

        Raises:
            AssertionError: there is more.
        """
        for name, node in self.nodes.items():
            kept = list((self.shared.root / name / "outbox").glob("*.json"))
            assert not kept, f"{name}: {len(kept)} results wait, and all is recorded"
            most = KEPT_PER_SLOT_MAX * node.max_parallel
            assert node.kept_max <= most, f"{name}: {node.kept_max} results waited at once"
            assert node.loop is None or node.loop.unfinished == 0, f"{name} watches runs that are over"

    def check(self, settled_s: float = 2.0) -> None:
        """All laws, once everything is at rest.

        Args:
            settled_s: instants that are younger need not be on record.

        Raises:
            AssertionError: one of them does not hold.
        """
        history = self.history()
        known = hashes(self.server.lines())
        missing = [each for each in history.acknowledged if each not in known]
        assert not missing, f"{len(missing)} entries were acknowledged and are not there"
        check_leaders(history)
        check_attempts(history)
        check_runs(history)
        check_capacity(history)
        check_instants(history.entries, history.time_s - settled_s)
        check_silence(history)
        check_failovers(history)
        self.check_mirrors()
        self.check_memory()

    def tell(self) -> str:
        """The story: what was done, what was recorded, which processes began, in order."""
        return told(self.shared.story, committed_entries(self.server), self._processes())

    def _processes(self) -> list[JobProcess]:
        """Every process of a run that was ever started."""
        return [process for node in self.nodes.values() for process in node.machine.started]

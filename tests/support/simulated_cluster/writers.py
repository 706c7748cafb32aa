"""Lives of writers that append to one simulated database, each from a seed, and the laws of a replicated store.

Each thing that a writer says is said once, so that the ledger itself shows what became of every append.
"""

from __future__ import annotations

import random
from contextlib import suppress
from pathlib import Path

import msgspec

from eventstore.entry import check_lines
from eventstore.errors import Conflict, Halted, InDoubt, Unavailable
from eventstore.replicated.mirror import Mirror
from eventstore.replicated.replicated_store import ReplicatedStore
from eventstore.store import GENESIS, Event, Head
from tests.support.simulated_cluster.mirror_files import check_prefix, mirrored
from tests.support.simulated_cluster.network import Network
from tests.support.simulated_cluster.simulation import NEVER_S, SimulatedProcess, Simulation
from tests.support.simulated_database import SimulatedDatabase
from tests.support.simulated_server import BEGIN, DatabaseServer, Timeline, created

LIFE_S = 120.0
REST_S = 60.0


class Said(msgspec.Struct):
    """The payload of what writers say."""

    said: str


class Writer:
    """A process that appends, with a mirror that outlives it.

    Attributes:
        name: who it is; folder: of its mirror.
        acknowledged: what was recorded, and the hash of its entry.
        refused: what was not recorded, as it was told.
        halted: why it gave up for good; empty if it did not.
        cut: whether it is cut off from the database.
    """

    def __init__(self, life: WritersLife, name: str) -> None:
        self._life, self.name, self.folder = life, name, life.root / name
        self._rng = random.Random(f"{life.seed} {name}")
        self.network = Network(self._rng, life.troubled, lambda text: life.note(f"{name} {text}"))
        self.network.unsafe, self.network.not_safe = life.unsafe, life.fail_over_soon
        self.acknowledged: dict[str, str] = {}
        self.refused: set[str] = set()
        self.halted = ""
        self.cut = False
        self._count = 0
        self.database: SimulatedDatabase | None = None
        self.process: SimulatedProcess | None = None

    def cut_off(self, cut: bool) -> None:
        """Cut it off from the database, or let it be reached again."""
        self.cut = cut
        if self.database is not None:
            self.database.cut = cut

    def start(self) -> None:
        """Start the process anew."""
        self.process = self._life.simulation.start(self.name, self._work)

    def kill(self) -> None:
        """End the process, wherever it is."""
        if self.process is not None:
            self._life.note(f"{self.name} is killed")
            self._life.simulation.kill(self.process)
            self.process = None

    def _work(self, process: SimulatedProcess) -> None:
        try:
            while self._life.simulation.now_s < LIFE_S + REST_S:
                store = self._open(process)
                self._write(store, process)
                self._catch_up(store, process)
                store.close()
        except Halted as why:
            self.halted = str(why)
            self._life.note(f"{self.name} halts: {why}")

    def _open(self, process: SimulatedProcess) -> ReplicatedStore:
        self.database = database = SimulatedDatabase(self._life.server, self.name)
        database.trouble, database.wait, database.cut = self.network, process.wait, self.cut
        database.before = database.after = lambda call: process.check()
        store = ReplicatedStore(
            database,
            Mirror.open(self.folder),
            clock=self._life.server.now,
            monotonic_s=lambda: self._life.simulation.now_s,
            pause=process.wait,
        )
        self._life.stores.append(store)
        return store

    def _write(self, store: ReplicatedStore, process: SimulatedProcess) -> None:
        """Say things until the life is over, or now and then until the store is opened anew."""
        while not self._life.over and self._rng.random() > 0.02:
            process.wait(self._rng.expovariate(1.0))
            try:
                if self._rng.random() < 0.3:
                    store.refresh()
                else:
                    self._append(store)
            except (Unavailable, InDoubt):
                continue

    def _append(self, store: ReplicatedStore) -> None:
        rng = self._rng
        words = [f"{self.name} {self._count + number}" for number in range(rng.choice((1, 1, 2, 5)))]
        self._count += len(words)
        events = [Event(type="thing.said", actor="test", data=Said(word)) for word in words]
        head = store.head()
        expected = head if rng.random() < 0.7 else None
        try:
            entries = store.append(events, expected)
        except (Conflict, Unavailable):
            self.refused.update(words)
            return
        assert [msgspec.json.decode(entry.data, type=Said).said for entry in entries] == words
        assert expected is None or entries[0].prev == expected.hash
        self.acknowledged.update((word, entry.hash) for word, entry in zip(words, entries, strict=True))
        assert store.head() == Head(entries[-1].seq, entries[-1].hash)

    def _catch_up(self, store: ReplicatedStore, process: SimulatedProcess) -> None:
        """When the life is over, read what is there, until nobody can have anything in doubt."""
        while self._life.over and self._life.simulation.now_s < LIFE_S + REST_S:
            process.wait(5.0)
            with suppress(Unavailable, InDoubt):
                store.refresh()


class WritersLife:
    """One life.

    Args:
        seed: the same one lives the same life.
        root: a folder for the mirrors.

    Attributes:
        over: whether the writers are to come to their end.
        unsafe: whether the wait for the standby may be cancelled, and a fail-over lose entries.
        story: what happened, in order, for people.
        stores: all that were ever opened; those of killed processes keep their files open as long as the life lasts.
    """

    def __init__(self, seed: int, root: Path) -> None:
        self.seed, self.root = seed, root
        self.rng = rng = random.Random(seed)
        self.timeline = Timeline()
        self.simulation = Simulation(self.timeline)
        self.server = DatabaseServer(self.timeline, created(BEGIN, rng.choice((3, 16, 65_536))))
        self.server.page_bytes = rng.choice((400, 2_000, 1 << 20))
        self.over = False
        self.troubled = rng.choice((0.02, 0.1, 0.4))
        self.unsafe = rng.random() < 0.3
        self.story: list[str] = []
        self.stores: list[ReplicatedStore] = []
        self.writers = [Writer(self, f"writer-{number}") for number in range(rng.choice((2, 3, 4)))]

    def note(self, text: str) -> None:
        """Put something into the story."""
        self.story.append(f"{self.timeline.now_s:10.3f}  head {len(self.server.commits):4}  {text}")

    def live(self) -> None:
        """Live, and come to rest: from then on everything works."""
        for writer in self.writers:
            writer.start()
        while self.timeline.now_s < LIFE_S:
            self.simulation.run(self.rng.expovariate(1 / 6.0))
            self._raise_errors()
            self._disturb()
            self._check_mirrors()
        self.server.away, self.over = False, True
        self.note("everything works from now on")
        for writer in self.writers:
            writer.network.troubled = 0.0
            writer.cut_off(False)
            self._go_on(writer)
        self.simulation.run(2 * REST_S)
        self._raise_errors()

    def close(self) -> None:
        """End all processes, and give back their files."""
        self.simulation.close()
        for store in self.stores:
            store.close()

    def _raise_errors(self) -> None:
        for writer in self.writers:
            if writer.process is not None and writer.process.error is not None:
                raise writer.process.error

    def _go_on(self, writer: Writer) -> None:
        if writer.process is None or (writer.process.ended and not writer.halted):
            writer.start()
        elif writer.process.stopped:
            writer.process.stopped_until_s = 0.0

    def _disturb(self) -> None:
        rng, writer = self.rng, self.rng.choice(self.writers)
        process, kind = writer.process, self.rng.random()
        if process is None or process.ended or process.stopped:
            self.note(f"{writer.name} goes on")
            self._go_on(writer)
        elif kind < 0.2:
            writer.kill()
        elif kind < 0.35:
            self.note(f"{writer.name} is stopped")
            process.stopped_until_s = NEVER_S
        elif kind < 0.5:
            writer.cut_off(not writer.cut)
            self.note(f"{writer.name} is {'cut off' if writer.cut else 'reached again'}")
        elif kind < 0.65:
            self.server.away = not self.server.away
            self.note(f"the database is {'away' if self.server.away else 'back'}")
        elif kind < 0.75:
            self.server.restart()
            self.note("the database was restarted")
        elif kind < 0.9:
            self.simulation.start("standby", self._take_over)
        else:
            self.server.step_clock(rng.choice((-3_600.0, -1.0, 1.0, 3_600.0)))

    def fail_over_soon(self) -> None:
        """A standby takes over right after something was not safe, now and then."""
        if not self.over and self.rng.random() < 0.3:
            self.simulation.start("standby", self._take_over)

    def _take_over(self, process: SimulatedProcess) -> None:
        process.wait(self.rng.choice((0.0, 0.01, 0.3)))
        lost = self.server.fail_over(self.rng.choice((0, 0, 1)))
        self.note(f"the standby took over, {lost} entries are lost")

    def _check_mirrors(self) -> None:
        for writer in self.writers:
            committed = [self.server.lines(), *self.server.branches]
            check_prefix(mirrored(writer.folder), committed, writer.name)

    def check(self) -> None:
        """The laws.

        Raises:
            AssertionError: one of them does not hold.
        """
        lines = self.server.lines()
        entries = check_lines(b"".join(lines), 0, GENESIS)
        said = [
            msgspec.json.decode(line.data, type=Said).said for line in entries if line.type == "thing.said"
        ]
        assert len(said) == len(set(said)), "something was recorded twice"
        known = {line.hash: msgspec.json.decode(line.data, type=Said).said for line in entries[1:]}
        self._check_mirrors()
        for writer in self.writers:
            for word, own_hash in writer.acknowledged.items():
                assert known.get(own_hash) == word, f"{word} was acknowledged, and is not there"
            for word in writer.refused:
                assert word not in said, f"{word} was refused, and is there"
            if self.server.branches and writer.halted:
                continue  # it has seen what a fail-over lost
            assert not writer.halted, f"{writer.name} halted: {writer.halted}"
            assert mirrored(writer.folder) == lines, f"the mirror of {writer.name} is not whole"

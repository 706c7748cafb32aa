"""Several real nodes on one real database: made, served, asked, all on this machine."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tests.support.cluster.networks import Network
from tests.support.cluster.nodes import Node
from tests.support.cluster.record import Record
from tests.support.command import DEADLINE_S
from tests.support.postgresql import OWNER, Server

DATABASE = "cronledger"
_LOOK_S = 0.01


class Cluster:
    """A database, and the homes of some nodes beside it.

    It asks the database itself, as its owner, and not through cronledger.

    Attributes:
        nodes: by their names.
        record: the entries, as the database has them.
        database: its name on the server.
        server: where it is; another one after a fail-over.
    """

    def __init__(
        self,
        folder: Path,
        server: Server,
        names: Sequence[str],
        network: Network | None = None,
        ahead_s: Mapping[str, int] | None = None,
    ) -> None:
        """Name the nodes.

        Args:
            folder: in which their homes are.
            server: where the database is.
            names: of the nodes.
            network: how they reach the database, where that is not by the server's socket.
            ahead_s: the nodes whose clocks are ahead of the true time, or behind it.
        """
        self.server, self.database = server, DATABASE
        self.record = Record(server, DATABASE)
        self.nodes = {}
        for name in names:
            store = server.url(DATABASE) if network is None else network.store(name, DATABASE)
            inside = () if network is None else network.inside(name)
            self.nodes[name] = Node(folder / name, store, inside, (ahead_s or {}).get(name, 0))

    def create(self, config: str) -> None:
        """Create the database and its ledger, and apply a config; nothing serves yet."""
        self.server.execute(f"CREATE DATABASE {DATABASE}")
        first = next(iter(self.nodes.values()))
        for node in self.nodes.values():
            node.configure(config)
        succeeded(first, "database", "create", self.server.url(DATABASE), "--as", OWNER)
        self.apply(config)

    def apply(self, config: str) -> None:
        """Write a config into every home, and apply it on the first node."""
        for node in self.nodes.values():
            node.configure(config)
        succeeded(next(iter(self.nodes.values())), "config", "apply")

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Have all nodes serve, and stop them at the end."""
        try:
            for node in self.nodes.values():
                node.start()
            for node in self.nodes.values():
                node.wait_until_ready()
            yield
        finally:
            self.record.close()
            for node in self.nodes.values():
                node.stop()

    def turn_to(self, server: Server) -> None:
        """The database is on another server from now on."""
        self.server = server
        self.record.turn_to(server)

    def lines(self) -> list[bytes]:
        """All lines of the ledger, as the database has them now."""
        asked = "SELECT line FROM cronledger.entries ORDER BY seq"
        return [bytes(line) for (line,) in self.server.execute(asked, self.database)]  # type: ignore[call-overload]

    def now(self) -> int:
        """How many entries there are: from which one on what comes next is to be looked for."""
        self.record.look()
        return len(self.record.entries)

    def wait_for_leader(self) -> str:
        """Who leads, once somebody does."""
        give_up_s = time.monotonic() + DEADLINE_S
        while (leads := self.record.leader()) is None:
            assert time.monotonic() < give_up_s, f"nobody leads: {self.said()}"
            time.sleep(_LOOK_S)
        return leads

    def said(self) -> str:
        """What the nodes told last."""
        return "\n".join(f"{name}: {node.said()[-1_000:]}" for name, node in self.nodes.items())


def succeeded(node: Node, *arguments: str) -> str:
    """Run a command on a node's home, which must succeed; what it printed."""
    done = node.command(*arguments)
    assert done.returncode == 0, f"{arguments}: {done.stdout}{done.stderr}"
    return done.stdout

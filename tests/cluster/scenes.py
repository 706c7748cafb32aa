"""`python -m tests.cluster.scenes [NAME…]`: what people see when something befalls several machines.

Each scene is a cluster of its own, a thing that happens, and commands with what they print. docs/several-machines.md
has them word for word; a hunt compares.
"""

from __future__ import annotations

import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from tests.support.cluster.cluster import Cluster
from tests.support.cluster.networks import Gates
from tests.support.cluster.nodes import Node
from tests.support.command import await_fact
from tests.support.postgresql import Server

NODES = ("alpha", "beta", "gamma")
AGAIN = "It can be recorded again"
CONFIG = """\
scheduler: {lost_after: 20s}
jobs:
  pulse: {every: 2s, command: 'true'}
  backup: {on_demand: true, command: 'sleep 60'}
"""


class Stage:
    """A cluster with gates, and the commands that were run on it, with what they printed."""

    def __init__(self, folder: Path, server: Server) -> None:
        self.folder, self.server, self.network = folder, server, Gates()
        self.network.serve(server)
        self.cluster = Cluster(folder, server, NODES, self.network)
        self.shown: list[str] = []

    def ask(self, name: str, *arguments: str, lines: slice = slice(None), node: Node | None = None) -> None:
        """Run a command on a node, and show it with the lines of what it printed."""
        done = (node or self.cluster.nodes[name]).command(*arguments)
        self.show(f"{name}$ cronledger {' '.join(arguments)}")
        for line in (done.stdout + done.stderr).splitlines()[lines]:
            self.show(line)
        if done.returncode:
            self.show(f"(exit code {done.returncode})")

    def told(self, node: str, before: int, last: str) -> None:
        """Show what a node's `serve` has told since it had told so much, once it has told the last of it."""
        await_fact(lambda: last in self.cluster.nodes[node].said()[before:])
        self.show(f"{node}'s `serve` says:")
        for line in self.cluster.nodes[node].said()[before:].strip("\n").splitlines():
            self.show(line)

    def show(self, line: str) -> None:
        """Show a line."""
        somewhere = re.sub(r"127\.0\.0\.1:\d+", "db.example", line.replace(str(self.folder), "/srv"))
        self.shown.append(somewhere.rstrip())

    def leader(self) -> str:
        """Who leads, with some work done before."""
        self.cluster.record.wait_for("run.started", 0)
        return self.cluster.wait_for_leader()


Scene = Callable[[Stage], None]


def leader_killed(stage: Stage) -> None:
    """A leader dies, and another one goes on."""
    leader = stage.leader()
    first = stage.cluster.now()
    stage.cluster.nodes[leader].kill()
    elected = stage.cluster.record.wait_for("leader.elected", first)
    stage.cluster.record.wait_for("run.started", elected["seq"])
    successor = elected["data"]["node"]
    stage.ask(successor, "nodes", "list")
    stage.ask(successor, "nodes", "why", leader)


def node_cut_off(stage: Stage) -> None:
    """A node no longer reaches the database."""
    leader = stage.leader()
    name = next(name for name in NODES if name != leader)
    before = len(stage.cluster.nodes[name].said())
    stage.network.cut(name)
    time.sleep(8)
    stage.ask(name, "status", lines=slice(0, 6))
    stage.ask(leader, "nodes", "list")
    stage.network.join(name)
    stage.told(name, before, AGAIN)


def database_away(stage: Stage) -> None:
    """The database is gone for a while."""
    leader = stage.leader()
    before = len(stage.cluster.nodes[leader].said())
    stage.server.stop()
    time.sleep(8)
    stage.ask(leader, "status", lines=slice(0, 6))
    stage.ask(leader, "jobs", "run", "pulse", "--no-wait")
    stage.server.start()
    stage.told(leader, before, AGAIN)


def set_back(stage: Stage) -> None:
    """The database has lost its newest entries, as after a restore."""
    stage.leader()
    for node in stage.cluster.nodes.values():
        node.stop()
    last_stopped = NODES[-1]  # its mirror has all entries
    before = len(stage.cluster.nodes[last_stopped].said())
    lost = stage.cluster.now() - 5
    stage.server.execute(f"DELETE FROM cronledger.entries WHERE seq >= {lost}", stage.cluster.database)
    last = stage.cluster.record.entries[lost - 1]
    back = f"UPDATE cronledger.head SET seq = {lost - 1}, hash = '{last['hash']}'"
    stage.server.execute(back, stage.cluster.database)
    node = stage.cluster.nodes[last_stopped]
    node.start()
    stage.show(f"{last_stopped}$ cronledger serve")
    await_fact(lambda: not node.serves)
    stage.told(last_stopped, before, "error: ")
    stage.ask(last_stopped, "ledger", "verify", "--database")
    stage.ask(last_stopped, "database", "refill")
    stage.ask(last_stopped, "ledger", "verify", "--database")


def name_taken(stage: Stage) -> None:
    """A second home claims a name that is in use."""
    stage.leader()
    other = Node(stage.folder / "other" / "alpha", stage.network.store("alpha", stage.cluster.database))
    other.configure(CONFIG)
    stage.ask("alpha", "serve", node=other)


SCENES: dict[str, Scene] = {
    "leader killed": leader_killed,
    "node cut off": node_cut_off,
    "database away": database_away,
    "set back": set_back,
    "name taken": name_taken,
}


def played(name: str) -> list[str]:
    """What a scene shows."""
    folder = Path(tempfile.mkdtemp(prefix="cronledger-scene-"))
    server = Server.create()
    try:
        server.start()
        stage = Stage(folder, server)
        try:
            stage.cluster.create(CONFIG)
            with stage.cluster.serving():
                SCENES[name](stage)
        finally:
            stage.network.close()
        return stage.shown
    finally:
        server.remove()
        shutil.rmtree(folder, ignore_errors=True)


def main() -> None:
    """Play them all, or some; whoever ends it early leaves nothing of it."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    for name in sys.argv[1:] or SCENES:
        print(f"<!-- scene: {name} -->", "```text", *played(name), "```", "", sep="\n", flush=True)


if __name__ == "__main__":
    main()

"""What a hunt does to a cluster: faults, each undone before the next, and for how long each held up work.

Work goes on when an attempt has started that was decided after the fault: an assignment made after it, and its start.
"""

from __future__ import annotations

import json
import random
import shutil
import signal
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

from tests.support.cluster.cluster import Cluster
from tests.support.cluster.networks import Network
from tests.support.cluster.nodes import Node
from tests.support.cluster.pair import Pair
from tests.support.cluster.record import Entry, time_of
from tests.support.postgresql import Server

AHEAD_S = 3_600
ASKED = "asked"
"""The job of which a hunt asks for runs by hand."""
Deed = Callable[[Node], None]
"""What is done to a node."""


class Held(NamedTuple):
    """How long a fault held up work.

    Attributes:
        fault: its name.
        seconds: from when it struck, or from when the database was back, to the next start.
    """

    fault: str
    seconds: float


class Hunt:
    """A cluster and its network, and what is done to both.

    Attributes:
        held: what each fault cost.
        asked: the runs that a command said it had asked for.
    """

    def __init__(
        self, folder: Path, names: Sequence[str], network: Network, seed: int, copied: Path | None = None
    ) -> None:
        """Make what it needs; no node serves yet.

        Args:
            folder: in which the homes are.
            names: of the nodes.
            network: how they reach the database.
            seed: of what is drawn.
            copied: the files of a cluster that is to be copied; None: it is whole, with flushes to the disk, a
                standby, and a last node whose clock is an hour ahead, if it can.
        """
        whole = copied is None
        self.rng = random.Random(seed)
        self._network = network
        first = Server.create(durable=True) if copied is None else Server.copied(copied)
        network.serve(first)
        first.start()
        self.pair = Pair(first)
        if whole:
            self.pair.follow(network.serve)
        wrong = {names[-1]: AHEAD_S} if whole and shutil.which("faketime") else {}
        self.cluster = Cluster(folder, first, names, network, wrong)
        self.held: list[Held] = []
        self.asked: list[int] = []

    def close(self) -> None:
        """End everything that runs."""
        self.cluster.record.close()
        for node in self.cluster.nodes.values():
            node.kill()
        self._network.close()
        self.pair.remove()

    def strike(self, fault: str) -> None:
        """Let a fault happen, undo it, and wait until work goes on and every node serves."""
        faults: dict[str, Callable[[], None]] = {
            "leader killed": self._kill_leader,
            "leader stopped": lambda: self._silence_leader("leader stopped", Node.pause, Node.wake),
            "leader cut off": lambda: self._silence_leader("leader cut off", self._cut, self._join),
            "node killed": self._kill_node,
            "node stopped": lambda: self._silence_node(Node.pause, Node.wake),
            "node cut off": lambda: self._silence_node(self._cut, self._join),
            "database restarted": lambda: self._stop_database("database restarted", signal.SIGINT),
            "database stopped at once": lambda: self._stop_database(
                "database stopped at once", signal.SIGQUIT
            ),
            "database killed": self._kill_database,
            "database frozen": self._freeze_database,
            "fail-over": self._fail_over,
        }
        faults[fault]()
        self.wait_until_all_serve()

    def ask(self) -> None:
        """Ask for a run on some node; if the command says that it did, the run must be on record for ever."""
        node = self._any()
        done = node.command("jobs", "run", ASKED, "--no-wait", "--json")
        if done.returncode == 0:
            self.asked += [each["run"] for each in json.loads(done.stdout)]

    def wait_until_all_serve(self) -> None:
        """Start what does not serve, and wait until each node says that it does."""
        idle = [node for node in self.cluster.nodes.values() if not node.serves]
        for node in idle:
            node.start()
        for node in idle:
            node.wait_until_ready()

    def _kill_leader(self) -> None:
        leader = self._leader()
        struck_s = time.time()
        leader.kill()
        self._note("leader killed", struck_s, self._work_by_another(leader))

    def _silence_leader(self, fault: str, begin: Deed, end: Deed) -> None:
        leader = self._leader()
        struck_s, for_s = time.time(), self.rng.uniform(4.5, 9)
        begin(leader)
        self._note(fault, struck_s, self._work_by_another(leader))
        time.sleep(max(0.0, struck_s + for_s - time.time()))
        end(leader)

    def _kill_node(self) -> None:
        self._follower().kill()
        time.sleep(self.rng.uniform(0, 5))

    def _silence_node(self, begin: Deed, end: Deed) -> None:
        node = self._follower()
        begin(node)
        time.sleep(self.rng.uniform(0.5, 8))
        end(node)

    def _cut(self, node: Node) -> None:
        self._network.cut(node.name)

    def _join(self, node: Node) -> None:
        self._network.join(node.name)

    def _stop_database(self, fault: str, how: signal.Signals) -> None:
        self.pair.primary.stop(how=how)
        self._back(fault)

    def _kill_database(self) -> None:
        self.pair.primary.kill()
        self._back("database killed")

    def _freeze_database(self) -> None:
        self.pair.primary.freeze()
        time.sleep(self.rng.uniform(0.5, 6))
        back_s = time.time()
        self.pair.primary.thaw()
        self._note("database frozen", back_s, self._work(back_s))

    def _back(self, fault: str) -> None:
        time.sleep(self.rng.uniform(0, 4))
        self.pair.primary.start()
        back_s = time.time()
        self._note(fault, back_s, self._work(back_s))

    def _fail_over(self) -> None:
        self.pair.fail_over()
        back_s = time.time()
        self.cluster.turn_to(self.pair.primary)
        self._note("fail-over", back_s, self._work(back_s))
        self.pair.follow_again()

    def _leader(self) -> Node:
        """Who leads, while work goes on: a fault that strikes before shows nothing."""
        first = self.cluster.now()
        self.cluster.record.wait_for("run.started", first)
        return self.cluster.nodes[self.cluster.wait_for_leader()]

    def _follower(self) -> Node:
        leader = self._leader()
        return self.rng.choice([node for node in self.cluster.nodes.values() if node is not leader])

    def _any(self) -> Node:
        return self.rng.choice(list(self.cluster.nodes.values()))

    def _work_by_another(self, leader: Node) -> Entry:
        """The first start after another node was elected."""
        first = self.cluster.record.of_types("leader.elected")[-1]["seq"]
        elected = self.cluster.record.wait_for(
            "leader.elected", first + 1, lambda entry: entry["data"]["node"] != leader.name
        )
        return self._first_start(elected["seq"])

    def _work(self, since_s: float) -> Entry:
        """The first start of an attempt that was assigned after a moment."""
        first = max(0, self.cluster.now() - 1)
        assigned = self.cluster.record.wait_for("run.assigned", first, lambda entry: time_of(entry) > since_s)
        return self._first_start(assigned["seq"])

    def _first_start(self, after: int) -> Entry:
        """The first start of an attempt that was assigned after an entry."""
        assigned = set()
        for entry in self.cluster.record.follow(after):
            if entry["type"] == "run.assigned":
                assigned.add(entry["run"])
            elif entry["type"] == "run.started" and entry["run"] in assigned:
                return entry
        raise AssertionError("following does not end")

    def _note(self, fault: str, since_s: float, start: Entry) -> None:
        self.held.append(Held(fault, time_of(start) - since_s))

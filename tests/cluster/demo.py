"""`python -m tests.cluster.demo`: three nodes and a database on this machine; the leader is killed, and it is shown.

Everything is made in a temporary folder and is gone at the end, however it ends.
"""

from __future__ import annotations

import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.support.cluster.cluster import Cluster
from tests.support.cluster.record import Entry, time_of
from tests.support.postgresql import Refused, Server, programs

NODES = ("alpha", "beta", "gamma")
CONFIG = """\
jobs:
  pulse: {every: 2s, command: 'echo still here'}
  report: {every: 5s, command: 'sleep 1; echo 42 pages'}
"""
HOW_TO_GET_IT = """\
No PostgreSQL was found that can run here. Any from 14 on will do:
  Debian, Ubuntu:   apt install postgresql
  elsewhere:        say where its programs are: CRONLEDGER_TEST_POSTGRESQL=/usr/pgsql-17/bin make demo-cluster
Its programs are used to start a server of the demonstration's own; one that runs already is left alone."""
RUNS_FIRST = 4
RUNS_AFTER = 3
ENTRIES_TOLD = 12


def main() -> int:
    """Show it; the exit code."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with _folder() as folder, _server() as server:
            _show(folder, server)
    except (AssertionError, Refused) as problem:
        print(f"\nThe demonstration did not get through: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nEnded. Nothing is left of it.")
        return 130
    return 0


def _show(folder: Path, server: Server) -> None:
    cluster = Cluster(folder, server, NODES)
    cluster.create(CONFIG)
    _say("Three nodes, each with a home of its own, as on three machines. All have the same config.")
    with cluster.serving():
        leader = cluster.wait_for_leader()
        _wait_for_runs(cluster, 0, RUNS_FIRST)
        _say(f"They serve. {leader} leads: it decides what is due. All of them run jobs.")
        _ask(cluster, leader, "nodes", "list")
        killed, elected, started = _kill(cluster, leader)
        successor = elected["data"]["node"]
        _say(
            f"{successor} leads now, elected {time_of(elected) - killed:.1f} s after the kill, and the next run "
            f"started {time_of(started) - killed:.1f} s after it."
        )
        _wait_for_runs(cluster, elected["seq"], RUNS_AFTER)
        _ask(cluster, successor, "nodes", "list")
        _say("What fell due meanwhile was not forgotten. The ledger tells it:")
        _tell(cluster, successor, elected["seq"])
        _ask(cluster, successor, "jobs", "why", "pulse", "--at", _instant_after(cluster, elected))
        _say(f"{leader} comes back, and takes part again.")
        cluster.nodes[leader].start()
        cluster.nodes[leader].wait_until_ready()
        _ask(cluster, leader, "nodes", "list")
    _say(
        "All are stopped. What a node has in its files is, byte for byte, what the database has; what was recorded "
        "after it stopped, it fetches when it is needed:"
    )
    _ask(cluster, leader, "ledger", "verify", "--database")


def _kill(cluster: Cluster, leader: str) -> tuple[float, Entry, Entry]:
    """Kill who leads, and wait for the first run that another one decided: when that was, the election, the start."""
    _say(f"Now {leader} is killed, with -9, as when its machine loses its power.")
    first, killed = cluster.now(), time.time()
    cluster.nodes[leader].kill()
    elected = cluster.record.wait_for("leader.elected", first)
    return killed, elected, cluster.record.wait_for("run.started", elected["seq"])


def _wait_for_runs(cluster: Cluster, first: int, count: int) -> None:
    """Wait until so many runs have succeeded from an entry on."""
    for _ in range(count):
        first = cluster.record.wait_for("run.finished", first)["seq"] + 1


def _instant_after(cluster: Cluster, elected: Entry) -> str:
    """The first instant of the job `pulse` that the new leader settled: it fell due while nobody led, as a rule."""
    ticked = cluster.record.wait_for("schedule.ticked", elected["seq"], lambda entry: entry["job"] == "pulse")
    return str(ticked["data"]["scheduled_for"])


def _tell(cluster: Cluster, node: str, first: int) -> None:
    """The next entries from one on, as the ledger tells them."""
    _ask(cluster, node, "ledger", "tail", "--lines", str(cluster.now() - first), lines=ENTRIES_TOLD)


def _ask(cluster: Cluster, node: str, *arguments: str, lines: int | None = None) -> None:
    """Run a command on a node, and show both; of what it prints the first lines, if it is told how many."""
    print(f"\n{node}$ cronledger {' '.join(arguments)}", flush=True)
    done = cluster.nodes[node].command(*arguments)
    printed = (done.stdout + done.stderr).splitlines()
    print(
        *printed[:lines], *([] if lines is None or len(printed) <= lines else ["..."]), sep="\n", flush=True
    )
    assert done.returncode == 0, f"`cronledger {' '.join(arguments)}` left with {done.returncode}"


def _say(text: str) -> None:
    print(f"\n-- {text}", flush=True)


@contextmanager
def _folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="cronledger-demo-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _server() -> Iterator[Server]:
    """A server of its own, whatever else runs on this machine."""
    try:
        found = programs()
    except AssertionError as problem:
        raise Refused(HOW_TO_GET_IT) from problem
    _say(f"A database: PostgreSQL, its programs from {found}, on a socket in a temporary folder.")
    server = Server.create()
    try:
        server.start()
        yield server
    finally:
        server.remove()


if __name__ == "__main__":
    sys.exit(main())

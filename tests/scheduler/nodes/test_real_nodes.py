"""Real processes on a real PostgreSQL: what kills, stops and restarts do to a leader and to its nodes."""

from __future__ import annotations

import re
import signal
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from scheduler import vocabulary as v
from tests.support.command import await_fact, call
from tests.support.console import Page, console
from tests.support.postgresql_fixtures import TestDatabase
from tests.support.real_nodes import RealNodes

CONFIG = """\
scheduler: {max_parallel: 4, shutdown_grace: 1s}
nodes:
  a: {labels: [db], max_parallel: 2}
jobs:
  placed: {every: 1s, runs_on: db, overlap: allow, command: "true"}
  often: {every: 1s, overlap: allow, command: "echo $CRONLEDGER_RUN-$CRONLEDGER_ATTEMPT >> {root}/done"}
"""


@pytest.fixture
def nodes(tmp_path: Path, pg_database: TestDatabase) -> Iterator[RealNodes]:
    """Three homes on one database; nothing serves yet."""
    real = RealNodes(tmp_path, pg_database.url, CONFIG)
    real.apply()
    yield real
    real.close()


def _made_once(nodes: RealNodes) -> None:
    """No attempt was made twice, and none that is on record as finished was not made."""
    ends = [entry for entry in nodes.entries(v.RunFinished) if entry.job == "often"]
    succeeded = [entry for entry in ends if v.payload(entry).outcome == "succeeded"]
    finished = {f"{entry.run}-{v.payload(entry).attempt}" for entry in succeeded}
    made = (nodes.root / "done").read_text().split()
    assert len(made) == len(set(made))
    assert finished <= set(made)


def test_a_leader_that_is_killed_or_stopped_is_followed_and_what_it_believed_comes_to_nothing(
    nodes: RealNodes,
) -> None:
    """One is killed with -9, the next one stopped and woken: each time another leads within five seconds."""
    for name in "abc":
        nodes.start(name)
    first = nodes.leader()
    nodes.served[first].wait_for(v.RunFinished)
    nodes.served[first].kill()
    killed_s = time.monotonic()
    others = [name for name in "abc" if name != first]
    elected = nodes.served[others[0]].wait_for(v.LeaderElected, lambda entry: v.payload(entry).term == 2)
    assert time.monotonic() - killed_s < 5.0
    second = v.payload(elected).node
    third = next(name for name in others if name != second)
    nodes.served[second].pause()
    again = nodes.served[third].wait_for(v.LeaderElected, lambda entry: v.payload(entry).term == 3)
    assert v.payload(again).node == third
    nodes.served[second].send(signal.SIGCONT)
    seen = nodes.served[second].wait_for(v.LeaderElected, lambda entry: v.payload(entry).term == 3)
    nodes.served[second].wait_for(v.RunFinished, lambda entry: entry.seq > seen.seq + 6)
    assert len(nodes.entries(v.LeaderElected)) == 3
    ticked = [entry for entry in nodes.entries(v.ScheduleTicked) if entry.job == "often"]
    ticks = [v.payload(entry).scheduled_for for entry in ticked]
    assert ticks == [ticks[0] + timedelta(seconds=number) for number in range(len(ticks))]
    assert nodes.entries(v.ScheduleMisfired) == []
    code, _, err = nodes.served[third].stop()
    assert (code, "leads from now on" in err) == (0, True)
    nodes.served[second].wait_for(v.LeaderElected, lambda entry: v.payload(entry).reason == "left")
    _made_once(nodes)


def test_a_database_that_is_restarted_takes_nothing_with_it(
    nodes: RealNodes, pg_database: TestDatabase
) -> None:
    """Nobody is lost, and what fell due meanwhile is made late."""
    nodes.start("a")
    nodes.start("b")
    nodes.served["a"].wait_for(v.RunFinished)
    pg_database.server.kill()
    time.sleep(1.5)  # the time for which it is away: that is what is tested
    pg_database.server.start()
    before = len(nodes.entries())
    nodes.served["a"].wait_for(v.RunFinished, lambda entry: entry.seq > before + 6)
    assert nodes.entries(v.NodeLost) == []
    assert nodes.entries(v.ScheduleMisfired) == []
    assert all(v.payload(entry).outcome == "succeeded" for entry in nodes.entries(v.RunFinished))
    placed = [v.payload(entry).node for entry in nodes.entries(v.RunStarted) if entry.job == "placed"]
    assert set(placed) == {"a"}
    for name in "ab":
        assert nodes.served[name].stop()[0] == 0
    _made_once(nodes)


def test_who_looks_is_told_that_the_database_cannot_be_reached(
    nodes: RealNodes, pg_database: TestDatabase
) -> None:
    """The mirror cannot say it: the node does, beside it, and it is not well until the database is back."""
    nodes.start("a")
    nodes.served["a"].wait_for(v.RunFinished)
    home = nodes.home("a")
    assert call("status", "--exit-code", home=home.root).code == 0
    pg_database.server.kill()
    await_fact(home.database_away.exists)
    told = call("status", "--exit-code", home=home.root)
    assert (told.code, "the scheduler here has not reached it since" in told.out) == (1, True)
    assert call("status", "--json", home=home.root).document["cluster"]["database"]["problem"]
    figures = call("metrics", home=home.root).out
    assert "cronledger_scheduler_paused 1.0" in figures
    assert "cronledger_scheduler_up 1.0" in figures
    assert "has not reached the database since" in call("jobs", "list", home=home.root).err
    ahead = call("jobs", "why", "often", "--at", "2097-01-01T00:00:00Z", home=home.root)
    assert "The scheduler that serves can do nothing now" in ahead.out
    with console(home) as client:
        assert "mirror needs attention" in Page(client.get("/").text).text
    pg_database.server.start()
    await_fact(lambda: not home.database_away.exists())
    assert call("status", "--exit-code", home=home.root).code == 0
    assert nodes.served["a"].stop()[0] == 0


def test_a_node_that_lacks_a_value_fails_no_run_of_what_was_just_applied(
    tmp_path: Path, pg_database: TestDatabase
) -> None:
    """The leader lacks it: what falls due while nobody has looked yet is run by the node that has it."""
    first = "jobs:\n  often: {every: 1s, overlap: allow, env: {REGION: r0}, command: 'true'}\n"
    nodes = RealNodes(tmp_path / "lacking", pg_database.url, first)
    try:
        nodes.home("person")
        nodes.apply()
        for name in "ab":
            nodes.start(name)
        served = nodes.served[nodes.leader()]
        served.wait_for(v.RunFinished)
        for region in ("r1", "r2", "r3"):
            for name in ("person", "a" if nodes.leader() == "b" else "b"):
                config = nodes.home(name).config
                config.write_text(re.sub("REGION: r[0-9]", f"REGION: {region}", config.read_text()))
            nodes.apply()
            seq = nodes.entries(v.ConfigAccepted)[-1].seq
            for _ in range(3):
                due = served.wait_for(v.ScheduleTicked, lambda entry, seq=seq: entry.seq > seq)  # type: ignore[misc]
                served.wait_for(v.RunFinished, lambda entry, run=due.run: entry.run == run)  # type: ignore[misc]
                seq = due.seq
        outcomes = {v.payload(entry).outcome for entry in nodes.entries(v.RunFinished)}
        assert outcomes == {"succeeded"}
    finally:
        nodes.close()

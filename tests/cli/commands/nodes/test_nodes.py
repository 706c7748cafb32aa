"""`nodes list`, `why`, `drain`, `resume`: what is said of the machines that share a ledger."""

from __future__ import annotations

import json
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from msgspec import structs

from cli.app.failures import ExitCode
from cli.home.node_names import NODE
from eventstore.store import OWN_SEQ, Event
from scheduler import vocabulary as v
from scheduler.database.agreement import settle_place
from scheduler.definition import JobDefinition
from scheduler.home import Home
from scheduler.ledger.open import open_ledger
from scheduler.system_clock import SystemClock
from tests.support.home import LiveHome
from tests.support.ledger import START, defined, run_finished, run_started, ticked
from tests.support.nodes import assigned, elected, joined, left
from tests.support.postgresql_fixtures import TestDatabase


class NodesHome(LiveHome):
    """A home on a database in which nodes are made up."""

    def record(self, *events: Event) -> int:
        """Record events; the number of the last entry."""
        ledger = open_ledger(Home(self.root), v.SCHEDULER)
        with closing(ledger.store):
            return ledger.record(events)[-1].seq

    def listed(self) -> dict[str, dict[str, Any]]:
        """What `nodes list --json` says, by name."""
        return {each["name"]: each for each in json.loads(self.ask("nodes", "list", "--json").out)}


@pytest.fixture
def home(pg_database: TestDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> NodesHome:
    """One with two nodes, of which nobody hears: it takes no time to look."""
    monkeypatch.setattr("scheduler.nodes.heard_nodes.LOOK_S", 0.0)
    settle_place(Home(tmp_path), pg_database.url)
    home = NodesHome(tmp_path)
    plain = JobDefinition(name="plain", command="true", schedule="0 2 * * *")
    db = JobDefinition(name="load", command="true", schedule="0 3 * * *", runs_on="db")
    home.record(
        joined("a", labels=["db"]),
        joined("b", unfit={"plain": "its env PGHOST is not in the config here"}),
        elected("a", 1),
        defined(plain),
        defined(db),
    )
    return home


def test_on_one_machine_there_are_no_nodes(tmp_path: Path) -> None:
    """The list is empty and says why; what is about one node is refused."""
    home = LiveHome(tmp_path)
    home.configure("jobs: {a: {command: echo a, every: 5m}}\n")
    assert "on one machine" in home.ask("nodes", "list").err
    for words in (("why", "a"), ("drain", "a"), ("resume", "a")):
        found = home.ask("nodes", *words)
        assert (found.code, "on one machine" in found.err) == (ExitCode.USAGE, True)


def test_a_home_that_has_not_joined_yet_says_so(tmp_path: Path) -> None:
    """Its config names a database, which nothing has asked yet: it is no home on one machine."""
    home = LiveHome(tmp_path)
    home.configure("ledger: {store: 'postgresql://ledger@db.example/jobs'}\njobs: {}\n")
    for words in (("nodes", "list"), ("nodes", "why", "a")):
        assert "has not joined postgresql://ledger@db.example/jobs yet" in home.ask(*words).err
    assert "`serve` joins postgresql://ledger@db.example/jobs" in home.ask("status").out


def test_the_list_says_how_each_is_doing(home: NodesHome) -> None:
    """Of which the database hears nothing is silent, whether it leads or not; what it lacks and runs is counted."""
    run = home.record(
        Event(type="schedule.ticked", actor="scheduler", job="plain", run=OWN_SEQ, data=ticked(START))
    )
    home.record(assigned("a", "plain", run))
    found = home.listed()
    assert {name: (each["state"], each["leads"]) for name, each in found.items()} == {
        "a": ("silent", True),
        "b": ("silent", False),
    }
    assert found["b"]["unfit"] == {"plain": "its env PGHOST is not in the config here"}
    assert found["b"]["elsewhere"] == ["load"]
    assert [each["run"] for each in found["a"]["assigned"]] == [run]
    text = home.ask("nodes", "list").out
    assert "leads, silent" in text
    assert "1/2" in text


def test_a_drained_node_says_who_drained_it_and_why(home: NodesHome) -> None:
    """Draining it again records nothing; so does resuming one that is not drained."""
    assert "takes nothing new" in home.ask("nodes", "drain", "b", "--reason", "new disks").out
    assert "already" in home.ask("nodes", "drain", "b").out
    drained = home.listed()["b"]["drained"]
    assert (drained["reason"], drained["by"].startswith("user:")) == ("new disks", True)
    home.record(left("b"))
    assert "once it serves" in home.ask("nodes", "resume", "b").out
    assert "not drained" in home.ask("nodes", "resume", "b").out
    assert home.listed()["b"]["drained"] is None


def test_why_names_what_it_cannot_run_and_what_becomes_of_it(home: NodesHome) -> None:
    """One that left, one that is lost: since when, by which entry, and what to do."""
    entry = home.record(left("b"))
    told = home.ask("nodes", "why", "b").out
    assert "no: it stopped" in told
    assert f"entry {entry}" in told
    assert "plain: its env PGHOST is not in the config here" in told
    assert "load" in told
    home.record(joined("b", "2"))
    lost = v.NodeLost(node="b", silent_since=START, silent_ms=60_000)
    entry = home.record(v.event(lost, v.SCHEDULER))
    assert f"entry {entry}" in home.ask("nodes", "why", "b").out
    assert home.listed()["b"]["state"] == "lost"


def test_a_node_that_does_not_come_back_is_given_up_by_a_person(home: NodesHome) -> None:
    """Not while it serves; what it had left going is lost then, by the person and for the reason given."""
    tick = Event(type="schedule.ticked", actor="scheduler", job="plain", run=OWN_SEQ, data=ticked(START))
    run = home.record(tick)
    home.record(assigned("b", "plain", run))
    home.record(v.event(structs.replace(run_started(due=START), node="b"), v.SCHEDULER, job="plain", run=run))
    refused = home.ask("nodes", "forget", "b")
    assert (refused.code, "serves" in refused.err) == (ExitCode.FAILED, True)
    home.record(left("b"))
    assert "nodes forget b" in home.ask("nodes", "why", "b").out
    assert f"1 run lost: {run}" in home.ask("nodes", "forget", "b", "--reason", "it is gone").out
    (row,) = json.loads(home.ask("jobs", "history", "--json").out)
    assert (row["outcome"], row["node"]) == ("lost", "b")
    assert home.listed()["b"]["state"] == "lost"
    assert "it was given up" in home.ask("nodes", "why", "b").out
    assert "nothing was recorded" in home.ask("nodes", "forget", "b").out


def test_how_long_a_node_was_away_is_counted_by_the_databases_clock(
    home: NodesHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Also by a machine whose own clock is a year ahead."""
    home.record(left("b"))
    reading = SystemClock().read()
    ahead = structs.replace(reading, wall=reading.wall + timedelta(days=365))
    monkeypatch.setattr(SystemClock, "read", lambda _: ahead)
    home.ask("nodes", "forget", "b")
    lost = json.loads(home.ask("ledger", "tail", "-n", "1", "--json").out)
    assert (lost["type"], lost["data"]["silent_ms"] < 600_000) == (v.NodeLost.TYPE, True)


def test_a_command_decides_nothing_in_place_of_the_leader(home: NodesHome) -> None:
    """A pause has ended, and nobody leads: that a job is enabled again is not for a command to record."""
    paused = v.JobDisabled(until=START)
    home.record(v.event(paused, "user:ann@db1", job="plain"), left("a"))
    home.ask("nodes", "drain", "b")
    assert v.JobEnabled.TYPE not in home.ask("ledger", "tail", "-n", "3", "--json").out
    assert home.ask("ledger", "verify").code == ExitCode.DONE


def test_a_mistyped_name_names_the_nearest(home: NodesHome) -> None:
    """And the shell completes names."""
    home.record(joined("database-1"))
    found = home.ask("nodes", "why", "databse-1")
    assert (found.code, "did you mean database-1?" in found.err) == (ExitCode.USAGE, True)
    assert "There are a, b, database-1" in home.ask("nodes", "drain", "zzz").err
    assert NODE.known(Home(home.root)) == ["a", "b", "database-1"]
    assert NODE.known(Home(home.root / "none")) == []


def test_runs_say_on_which_node_they_were_made(home: NodesHome) -> None:
    """In `jobs history`, its JSON and `runs show`; and its output is there, where another node says it is."""
    tick = Event(type="schedule.ticked", actor="scheduler", job="plain", run=OWN_SEQ, data=ticked(START))
    run = home.record(tick)
    home.record(assigned("a", "plain", run))
    assert "a" in home.ask("jobs", "history").out.splitlines()[1].split()
    home.record(v.event(structs.replace(run_started(due=START), node="a"), v.SCHEDULER, job="plain", run=run))
    assert "running on a" in home.ask("jobs", "list").out
    assert " on a" in home.ask("status").out
    assert json.loads(home.ask("jobs", "list", "--json").out)[1]["running"][0]["node"] == "a"
    found = home.ask("logs", "show", str(run))
    assert (found.code, f"is on node a, host {run_started().host}" in found.err) == (ExitCode.FAILED, True)
    finished = run_finished(START, "succeeded", "schedule", START, duration_ms=5, node="a")
    home.record(v.event(finished, v.SCHEDULER, job="plain", run=run))
    text = home.ask("jobs", "history").out
    assert text.splitlines()[0].split() == [
        "RUN", "JOB", "TRIGGER", "SCHEDULED", "FOR", "NODE", "STARTED", "TOOK", "OUTCOME"
    ]  # fmt: skip
    assert [each["node"] for each in json.loads(home.ask("jobs", "history", "--json").out)] == ["a"]
    assert "on node a" in home.ask("runs", "show", str(run)).out

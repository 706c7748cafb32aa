from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path

import pytest

from eventstore.store import OWN_SEQ
from scheduler import vocabulary as v
from scheduler.home import Home
from tests.support.command import Answer, call
from tests.support.home import LiveHome, entries_of, make_home, record
from tests.support.simulated_home import home_of, story
from tests.support.world import BEGIN, Process, World, job


def _lines(answer: Answer) -> dict[str, str]:
    """The facts, by name; without the entries below them."""
    facts = answer.out.partition("\n\n")[0].splitlines()[1:]
    return {name: told.strip() for name, _, told in (line.partition(":") for line in facts)}


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A week in the life of a job, long ago."""
    return home_of(story(), tmp_path_factory.mktemp("story"))


def test_every_run_is_told_with_all_its_entries(told: Home) -> None:
    """Each entry about a run stands below its facts, and those are the members that history has too."""
    entries = entries_of(told.root)
    rows = {row["run"]: row for row in call("jobs", "history", "-n", "99", "--json", home=told.root).document}
    assert len(rows) > 5
    defined = {entry.seq for entry in entries if entry.type == v.JobDefined.TYPE}
    for number, row in rows.items():
        document = call("runs", "show", str(number), "--json", home=told.root).document
        assert {name: document[name] for name in row} == row
        own = [entry.seq for entry in entries if entry.run == number]
        assert [entry["seq"] for entry in document["entries"]] == own
        assert document["definition"]["entry"] in defined
        assert document["definition"]["entry"] < number
        if document["trigger"] == "catch_up":
            (promise,) = (entry for entry in entries if entry.seq == document["misfire"])
            assert (
                v.payload(promise).first
                <= v.payload(entries[number]).scheduled_for
                <= v.payload(promise).last
            )
        answer = call("runs", "show", str(number), home=told.root)
        assert answer.out.startswith(f"run {number} of {row['job']}\n")
        assert [int(each) for each in re.findall(r"^ *(\d+)  2", answer.out, re.MULTILINE)] == own
    assert {"schedule", "catch_up", "manual"} >= {row["trigger"] for row in rows.values()}


def test_a_skipped_run_names_what_was_in_its_way(tmp_path: Path) -> None:
    """And a run that is asked to stop says by whom."""
    world = World(job("slow", "0 * * * *", overlap="skip"))
    world.machine.behaviour = lambda launch: Process(7_000.0, 0)
    world.start()
    world.until(BEGIN + timedelta(hours=2, minutes=10))
    first = next(entry for entry in world.entries() if entry.type == v.ScheduleTicked.TYPE).seq
    home = home_of(world, tmp_path)
    skipped = next(entry for entry in world.entries() if entry.type == v.RunSkipped.TYPE)
    assert skipped.run is not None
    facts = _lines(call("runs", "show", str(skipped.run), home=home.root))
    assert facts["result"] == f"skipped: run {first} was not over"
    assert call("runs", "show", str(skipped.run), "--json", home=home.root).document["because_of"] == first


def test_a_run_that_has_not_ended_says_how_long_it_waits(tmp_path: Path) -> None:
    """With who asked for it and why, and who asked it to stop."""
    home = make_home(tmp_path)
    assert call("jobs", "enable", "nightly", home=home.root).code == 0
    requested = v.RunRequested(executor="scheduler", reason="after the outage")
    record(home, v.event(requested, "user:ann@web1", job="ticker", run=OWN_SEQ))
    number = entries_of(home.root)[-1].seq
    record(home, v.event(v.RunCancelRequested(reason="wrong"), "user:bob@web1", job="ticker", run=number))
    facts = _lines(call("runs", "show", str(number), home=home.root))
    assert facts["result"].startswith("waits to be started, for ")
    assert facts["result"].endswith(", asked to stop")
    assert facts["requested"].startswith("by user:ann@web1, at ")
    assert facts["requested"].endswith(f": after the outage [entry {number}]")
    assert f"asked to stop by user:bob@web1: wrong [entry {number + 1}]" in facts["asked to stop"]
    document = call("runs", "show", str(number), "--json", home=home.root).document
    assert (document["status"], document["outcome"], document["reason"]) == ("owed", None, "after the outage")


def test_what_is_no_run_is_said_to_be_none(tmp_path: Path) -> None:
    """Also the number of an entry that is about a run, and a home without a ledger."""
    live = LiveHome(make_home(tmp_path).root)
    assert live.ask("runs", "show", "1").code == 2
    assert live.ask("jobs", "run", "ticker").code == 0
    number = live.entries("run.requested")[0].seq
    assert "exit code" in live.ask("runs", "show", str(number)).out
    answer = live.ask("runs", "show", str(number + 1))
    assert (answer.code, f"entry {number + 1} is about run {number} of ticker" in answer.err) == (2, True)
    for wrong in ("0", "99", "-1", "x"):
        assert live.ask("runs", "show", wrong).code == 2

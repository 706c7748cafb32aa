"""Jobs that run after others: what the commands say of them, and what follows a run by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler import vocabulary as v
from tests.support.home import LiveHome, job, sh
from tests.support.served import Served


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """A chain of three and one that waits for a success, which nothing runs by itself."""
    live = LiveHome(tmp_path / "home")
    live.configure(
        "jobs:\n"
        + job("extract", sh("true"))
        + "  load: {after: extract, command: [/bin/echo, loaded]}\n"
        + "  report: {after: [extract, load], command: [/bin/echo, reported]}\n"
        + "  mail: {after: {jobs: report, within: 6h}, every: 7d, command: [/bin/echo, sent]}\n"
    )
    return live


def test_they_are_listed_with_the_jobs_before_them(home: LiveHome) -> None:
    """In words, for programs and in SQL; they have no next run by a clock."""
    home.ask("jobs", "run", "mail")
    listed = home.ask("jobs", "list").out
    assert "after extract and load" in listed
    assert "once report succeeded" in listed
    found = {each["name"]: each for each in home.ask("jobs", "list", "--json").document}
    assert found["report"]["after"] == {"jobs": ["extract", "load"]}
    assert found["report"]["next_run"] is None
    assert found["mail"]["after"] == {"jobs": ["report"], "within_ms": 21_600_000}
    assert found["mail"]["next_run"] is not None
    assert found["extract"]["after"] is None
    assert "load runs after extract" in home.ask("jobs", "next", "load").err
    shown = home.ask("jobs", "show", "report").out
    assert "after extract and load" in shown.split("next run:")[1].splitlines()[0]
    assert "load has not been due yet: after extract." in home.ask("jobs", "why", "load").out
    rows = home.ask("sql", "SELECT name, schedule FROM jobs ORDER BY name", "--json").document
    assert [row["schedule"] for row in rows if row["name"] in ("load", "report")] == [
        "after extract",
        "after extract, load",
    ]


def test_nothing_comes_next_of_a_job_that_is_disabled(home: LiveHome) -> None:
    """Whatever the jobs do after which it would run."""
    assert home.ask("jobs", "enable", "load").code == 0
    assert "What comes next: it runs after extract." in home.ask("jobs", "why", "load").out
    assert home.ask("jobs", "disable", "load").code == 0
    assert "What comes next: nothing" in home.ask("jobs", "why", "load").out
    assert home.ask("jobs", "disable", "load", "--for", "3d").code == 0
    assert "load is disabled since " in home.ask("jobs", "next", "load").err


def test_nothing_follows_a_run_by_hand(home: LiveHome) -> None:
    """Without the option; and a dry run is followed by nothing in any case."""
    assert home.ask("jobs", "run", "extract").code == 0
    assert "waiting" not in home.ask("jobs", "list").out
    refused = home.ask("jobs", "run", "extract", "--with-dependents", "--dry-run")
    assert refused.code == 2
    assert "--with-dependents" in refused.err


@pytest.mark.real
def test_what_follows_a_run_by_hand_is_started_by_the_next_scheduler(home: LiveHome) -> None:
    """The success is on record and the jobs after it wait; a scheduler that starts runs the whole chain."""
    assert home.ask("jobs", "run", "extract", "--with-dependents").code == 0
    (request,) = home.entries("run.requested")
    assert v.payload(request).with_dependents
    assert "waiting for load" in home.ask("jobs", "list").out
    told = home.ask("jobs", "why", "report").out
    assert "load is to run for this time yet" in told
    assert "extract succeeded at" in told
    with Served(home.root) as served:
        served.wait_for(v.RunFinished, lambda entry: entry.job == "report")
        served.stop()
    ticks = [v.payload(entry) for entry in home.entries("schedule.ticked")]
    assert len({tick.scheduled_for for tick in ticks}) == 1
    assert {tick.trigger for tick in ticks} == {"after"}
    assert "Yes, as run" in home.ask("jobs", "why", "report").out
    slots = home.ask("sql", "SELECT job, disposition, trigger FROM slots ORDER BY seq", "--json").document
    assert slots == [{"job": name, "disposition": "ran", "trigger": "after"} for name in ("load", "report")]
    home.check()


def test_several_that_are_asked_for_together_share_their_time(tmp_path: Path) -> None:
    """What runs after both follows both."""
    home = LiveHome(tmp_path / "home")
    home.configure(
        "jobs:\n"
        + job("a", sh("true"))
        + job("b", sh("true"))
        + "  both: {after: [a, b], command: [/bin/echo, both]}\n"
    )
    with Served(home.root) as served:
        assert home.ask("jobs", "run", "a", "b", "--with-dependents").code == 0
        served.wait_for(v.RunFinished, lambda entry: entry.job == "both")
        served.stop_at_once()
    home.check()

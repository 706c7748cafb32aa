"""A job that runs only when somebody asks for it: what the commands say of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.home import Home
from tests.support.command import call
from tests.support.home import make_home

CONFIG = """\
jobs:
  reindex:
    command: echo reindexed
    on_demand: true
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with one job, which runs on demand."""
    return make_home(tmp_path, CONFIG)


def test_it_is_listed_without_a_next_run(home: Home) -> None:
    """It has no schedule and no next run, in words and for programs."""
    assert "only when asked for" in call("jobs", "list", home=home.root).out
    (job,) = call("jobs", "list", "--json", home=home.root).document
    assert job["on_demand"] is True
    assert job["next_run"] is None
    assert (job["schedule"], job["every"], job["at"]) == (None, None, None)
    assert call("jobs", "next", "--json", home=home.root).document == []
    assert "cronledger jobs run reindex" in call("jobs", "next", "reindex", home=home.root).err
    shown = call("jobs", "show", "reindex", home=home.root).out
    assert "on demand" in shown
    assert "on_demand" in shown


def test_it_runs_when_it_is_asked_for_and_why_says_so(home: Home) -> None:
    """`jobs why` is about the last time that it was asked for; SQL says that it has no schedule."""
    assert call("jobs", "run", "reindex", home=home.root).code == 0
    told = call("jobs", "why", "reindex", home=home.root)
    assert "Yes, as run" in told.out
    assert "not due" not in told.out
    assert "cronledger jobs run reindex" in told.out
    (answer,) = call("jobs", "why", "reindex", "--json", home=home.root).document["answers"]
    assert answer["verdict"] == "ran"
    other = call("jobs", "why", "reindex", "--at", "2020-01-01 02:00", home=home.root)
    assert other.code == 0
    assert other.out.startswith("reindex at 2020-01-01 02:00")
    rows = call("sql", "select name, schedule from jobs", "--json", home=home.root).document
    assert rows == [{"name": "reindex", "schedule": "on demand"}]


def test_disabling_it_changes_nothing_for_who_asks(home: Home) -> None:
    """A disabled job runs when it is asked for, and was never due for all that."""
    assert call("jobs", "run", "reindex", home=home.root).code == 0
    assert call("jobs", "disable", "reindex", home=home.root).code == 0
    assert call("jobs", "run", "reindex", home=home.root).code == 0
    told = call("jobs", "why", "reindex", "--at", "2099-01-01 02:00", home=home.root)
    assert "disabled" not in told.out

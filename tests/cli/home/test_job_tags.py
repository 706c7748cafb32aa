from __future__ import annotations

import os
from pathlib import Path

import pytest

from scheduler.home import Home
from tests.support.command import call, process
from tests.support.home import LiveHome, make_home

CONFIG = """\
defaults: {tags: prod}
jobs:
  backup: {command: echo b, every: 5m, tags: [prod, db]}
  report: {command: echo r, schedule: "0 7 * * *"}
  sync: {command: echo s, every: 1h, tags: none}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home whose jobs have two tags, one, and none."""
    return make_home(tmp_path, CONFIG)


def _names(home: Home, *arguments: str, member: str = "name") -> list[str]:
    return [each[member] for each in call(*arguments, "--json", home=home.root).document]


@pytest.mark.parametrize(("tags", "names"), [
    (["prod"], ["backup", "report"]),
    (["db"], ["backup"]),
    (["db", "prod", "db"], ["backup", "report"]),
])  # fmt: skip
def test_the_list_has_the_jobs_with_a_tag(home: Home, tags: list[str], names: list[str]) -> None:
    """A job's own tags replace those of the defaults; of several tags any will do."""
    options = [word for tag in tags for word in ("--tag", tag)]
    assert _names(home, "jobs", "list", *options) == names
    assert set(_names(home, "jobs", "next", *options, "-n", "600", member="job")) == set(names)


def test_what_comes_is_told_of_the_named_and_the_tagged(home: Home) -> None:
    """Names and tags together choose what either chooses, each job once."""
    assert (
        call("jobs", "next", "sync", "--tag", "db", "backup", "-n", "600", home=home.root).out.count("report")
        == 0
    )
    coming = _names(home, "jobs", "next", "sync", "backup", "--tag", "db", "-n", "13", member="job")
    assert (coming.count("backup"), coming.count("sync")) == (12, 1)


def test_a_tag_that_no_job_has_is_answered_with_the_nearest(home: Home) -> None:
    """A mistyped tag chooses nothing silently."""
    for command in ("list", "next", "history"):
        answer = call("jobs", command, "--tag", "Prd", home=home.root)
        assert answer.code == 2
        assert 'no job has the tag "Prd": did you mean prod?' in answer.err
    assert "The tags are db, prod." in call("jobs", "list", "--tag", "zzz", home=home.root).err


def test_history_is_told_of_the_jobs_with_a_tag(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs of the other jobs are left out, also where SQL looks for what lies far back."""
    home = LiveHome(make_home(tmp_path, CONFIG).root)
    assert home.ask("jobs", "run", "backup", "report", "sync").code == 0
    for back in (50_000, 1):
        monkeypatch.setattr("cli.runs.search.LOOK_BACK_ENTRIES", back)
        rows = home.ask("jobs", "history", "--tag", "prod", "--json").document
        assert sorted(row["job"] for row in rows) == ["backup", "report"]
    told = home.ask("sql", "SELECT name FROM jobs WHERE list_contains(tags, 'db')", "--json").document
    assert told == [{"name": "backup"}]


def test_tags_are_completed(home: Home) -> None:
    """The shell completes the tags that there are."""
    env = os.environ | {
        "_CRONLEDGER_COMPLETE": "bash_complete",
        "COMP_WORDS": f"cronledger --home {home.root} jobs list --tag p",
        "COMP_CWORD": "6",
    }
    assert process(env=env).out.split() == ["plain,prod"]

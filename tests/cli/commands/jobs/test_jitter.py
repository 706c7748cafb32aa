"""A job with jitter: what the commands say of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from scheduler.home import Home
from tests.support.command import call
from tests.support.home import make_home

CONFIG = """\
jobs:
  report:
    command: echo done
    schedule: "0 2 * * *"
    jitter: 10h
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with one job, whose ledger is there."""
    home = make_home(tmp_path, CONFIG)
    assert call("jobs", "run", "report", home=home.root).code == 0
    return home


def test_shown_next_and_calendar_tell_when_it_really_runs(home: Home) -> None:
    """Each has the moved instant; for programs the nominal one stands beside it."""
    (setting,) = [
        each for each in call("jobs", "show", "report", "--json", home=home.root).document["configuration"]
        if each["key"] == "jitter"
    ]  # fmt: skip
    assert (setting["value"], setting["origin"], setting["line"]) == (36_000_000, "job", 5)
    shown = call("jobs", "show", "report", home=home.root).out
    assert "later (jitter)" in shown
    assert "10h (this job runs " in shown
    coming = call("jobs", "next", "report", "-n", "2", "--json", home=home.root).document
    offsets = {
        datetime.fromisoformat(each["scheduled_for"]) - datetime.fromisoformat(each["nominal"])
        for each in coming
    }
    (offset,) = offsets
    assert timedelta(0) <= offset <= timedelta(hours=10)
    days = call("jobs", "next", "--calendar", "--json", "--utc", home=home.root).document["days"]
    assert coming[0]["scheduled_for"][11:19] in str(days)

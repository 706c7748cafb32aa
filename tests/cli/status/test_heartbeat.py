"""What `status` tells of the heartbeat."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.command import await_fact, call
from tests.support.home import make_home
from tests.support.served import Served

CONFIG = """\
scheduler: {heartbeat: {url: "https://hc.example/x"}}
jobs: {a: {every: 1h, command: "true"}}
"""


@pytest.mark.parametrize("seconds", [-3e11, 3e11])
def test_a_file_of_no_year_of_the_calendar_is_told_as_far_as_that_goes(
    tmp_path: Path, seconds: float
) -> None:
    """Some file systems keep such times, and `touch` writes them."""
    home = make_home(tmp_path, CONFIG)
    home.heartbeat.parent.mkdir(parents=True, exist_ok=True)
    home.heartbeat.touch()
    os.utime(home.heartbeat, (seconds, seconds))
    for form in ((), ("--json",)):
        answer = call("status", *form, home=home.root)
        assert "touched" in answer.out
        assert "Traceback" not in answer.err


def test_what_is_kept_of_the_last_ping_may_be_anything(tmp_path: Path) -> None:
    """Data that nests deep is none, and a time at an end of the calendar is one."""
    home = make_home(tmp_path, CONFIG)
    home.last_ping.parent.mkdir(parents=True, exist_ok=True)
    for kept, told in (
        ('{"time": "0001-01-01T00:00:00+05:00"}', "pinged "),
        ('{"time": "2026-01-01T00:00:00Z", "more": ' + "[" * 3_000, "nothing was pinged yet"),
    ):
        home.last_ping.write_text(kept, "utf-8")
        assert told in call("status", home=home.root).out
        assert call("status", "--json", home=home.root).document["heartbeat"]["pings"]


def test_the_exit_code_says_whether_the_scheduler_is_well(tmp_path: Path) -> None:
    """For health checks: 1 without a scheduler, or where its heartbeat is stale; without the option it is 0."""
    home = make_home(
        tmp_path, 'scheduler: {heartbeat: {file: var/heartbeat}}\njobs: {a: {every: 1h, command: "true"}}\n'
    )
    assert call("status", home=home.root).code == 0
    assert call("status", "--exit-code", home=home.root).code == 1
    with Served(home.root) as served:
        await_fact(home.heartbeat.exists)
        well = call("status", "--exit-code", home=home.root)
        assert (well.code, "running" in well.out) == (0, True)
        served.pause()
        os.utime(home.heartbeat, (1e9, 1e9))
        assert call("status", "--exit-code", "--json", home=home.root).code == 1
    assert call("status", "--exit-code", home=home.root).code == 1

"""Jobs with limits, as people run them."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.home import Home
from tests.support.command import call, process
from tests.support.home import make_home

CONFIG = """\
jobs:
  spin: {on_demand: true, command: "while :; do :; done", limits: {cpu_time: 1s, nice: 5}}
  print: {on_demand: true, command: "yes", limits: {output: 10kB}}
  big: {on_demand: true, python: "tool.jobs:big", limits: {memory: 300MB}}
  bad: {on_demand: true, command: "./none", limits: {nice: 5}}
"""


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with jobs that reach their limits."""
    home = make_home(tmp_path, CONFIG)
    folder = tmp_path / "extensions" / "tool"
    folder.mkdir(parents=True)
    (folder / "jobs.py").write_text(
        "import os\ndef big(ctx):\n    try: bytearray(10**9)\n    except MemoryError: os._exit(7)\n"
    )
    return home


@pytest.mark.parametrize(("job", "said"), [
    ("spin", "used its cpu_time of 1s"),
    ("print", "its output is longer than its limit of 10kB"),
    ("big", "its process ended before the job returned"),
    ("bad", "program not found"),
])  # fmt: skip
def test_a_run_that_reaches_a_limit_fails_and_says_so(home: Home, job: str, said: str) -> None:
    """A command and a job in Python; what cannot be started is told as without limits."""
    run = process("jobs", "run", job, home=home.root)
    assert run.code == 1
    (row,) = call("jobs", "history", "--json", home=home.root).document
    assert row["outcome"] == "failed"
    assert said in row["error"]
    assert job != "big" or row["exit_code"] == 7


def test_what_limits_memory_is_said(home: Home) -> None:
    """By `status` and `jobs show`, for people and for programs, where a job has such a limit."""
    assert process("jobs", "run", "bad", home=home.root).code == 1
    means = call("status", "--json", home=home.root).document["memory_limited_by"]
    assert means in ("cgroup", "rlimit")
    words = "of a whole run, by its control group" if means == "cgroup" else "of each process (RLIMIT_DATA)"
    assert words in call("status", home=home.root).out
    shown = call("jobs", "show", "big", home=home.root).out
    assert f"300MB {words}" in shown
    assert "{memory: 300MB}" in shown
    assert "memory limit" not in call("jobs", "show", "bad", home=home.root).out

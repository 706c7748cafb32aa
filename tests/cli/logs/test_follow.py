from __future__ import annotations

import json
import os
import signal
import time
from collections import Counter
from pathlib import Path

import pytest

from tests.support.command import await_fact, finished
from tests.support.home import LiveHome

pytestmark = pytest.mark.real

CONFIG = """\
jobs:
  beat:
    command: "echo beat; echo beat again"
    every: 1s
  door:
    command: "while ! test -e gate; do sleep 0.02; done; echo opened; while ! test -e end; do sleep 0.02; done"
    schedule: "@yearly"
"""


def test_a_scheduler_has_its_logs_collected_all_the_time(tmp_path: Path) -> None:
    """A collector runs beside it; killed, it is started again; it leaves with it. Each line is there once."""
    home = LiveHome(tmp_path / "home")
    home.configure(CONFIG)
    with home.served() as scheduler:
        home.await_entry("run.finished", 1)
        await_fact(lambda: len(home.collectors()) == 1)
        (first,) = home.collectors()
        await_fact(lambda: os.sched_getscheduler(first) == os.SCHED_IDLE)
        os.kill(first, signal.SIGKILL)
        await_fact(lambda: home.collectors() not in ([], [first]))
        home.await_entry("run.finished", 3)
        scheduler.send_signal(signal.SIGTERM)
        assert scheduler.wait(60) == 0
        await_fact(lambda: not home.collectors())
    entries = [json.loads(line) for line in home.run("logs", "export").out.splitlines()]
    runs = Counter(entry["run"] for entry in entries if entry["stream"] == "stdout")
    finished_runs = {entry.run for entry in home.entries("run.finished")}
    assert runs == Counter(dict.fromkeys(finished_runs, 2))
    assert [entry["fields"]["seq"] for entry in entries if entry["stream"] == "scheduler"] == list(
        range(len(home.entries()))
    )


@pytest.mark.parametrize("served", [True, False])
def test_following_shows_a_line_as_it_is_written(tmp_path: Path, served: bool) -> None:
    """With a scheduler or without one; Ctrl-C ends it with exit code 0."""
    home = LiveHome(tmp_path / "home")
    home.configure(CONFIG.replace("every: 1s", 'schedule: "@yearly"'))
    if served:
        with home.served():
            _follow(home)
    else:
        _follow(home)


def _follow(home: LiveHome) -> None:
    run = home.start("jobs", "run", "door")
    home.await_entry("run.started")
    following = home.start("logs", "view", "-f", "--job", "door", "--json", "-n", "5")
    assert following.stdout is not None
    seen: list[dict[str, str]] = []
    while not seen or not seen[-1]["message"].startswith("job started"):
        seen.append(json.loads(following.stdout.readline()))
    # The line about the start was there before; what follows is seen as it comes.
    began_s = time.monotonic()
    (home.root / "gate").touch()
    assert json.loads(following.stdout.readline())["message"] == "opened"
    assert time.monotonic() - began_s < 30
    (home.root / "end").touch()
    assert json.loads(following.stdout.readline())["message"].startswith("job succeeded: door")
    following.send_signal(signal.SIGINT)
    assert finished(following).code == 0
    assert finished(run).code == 0

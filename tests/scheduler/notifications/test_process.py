"""The process that tells people: how it ends, a kill between sending and recording, and at work beside `serve`."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from eventstore.lock import LOCK_NAME, FileLock
from scheduler import vocabulary as v
from scheduler.definition import JobDefinition, Notify
from scheduler.notifications.__main__ import BUSY, NO_CHANNELS
from scheduler.notifications.state_file import STATE_NAME
from tests.support.command import await_fact
from tests.support.home import make_home
from tests.support.served import Served
from tests.support.told_home import ToldHome

ENOUGH_S = 60.0


def program(home: Path) -> list[str]:
    """How it is started."""
    return [sys.executable, "-m", "scheduler.notifications", str(home)]


def messages(file: Path) -> list[dict[str, Any]]:
    """What a command wrote down of the messages that it got."""
    lines = file.read_text().split("\n")[:-1] if file.exists() else []
    return [json.loads(line)["data"] for line in lines]


@pytest.fixture
def told(tmp_path: Path) -> ToldHome:
    """A home in which a run has failed, with a channel whose command writes messages down and then hangs."""
    got = tmp_path / "got"
    script = f"cat >> {got}; test -e {tmp_path}/well || sleep 100"
    home = ToldHome(tmp_path / "home", f"channels: {{desk: {{command: [sh, -c, '{script}']}}}}\njobs: {{}}\n")
    home.writer.serve()
    definition = JobDefinition(name="a", command="x", every="1h", notify=Notify(channels=("desk",)))
    home.writer.define("a", definition)
    home.fail("a")
    return home


def test_killed_between_sending_and_recording_it_sends_again_with_the_same_id(
    told: ToldHome, tmp_path: Path
) -> None:
    """The first message says nothing of that, the second one says that it may be a repetition."""
    with subprocess.Popen(program(told.home.root)) as first:
        await_fact(lambda: len(messages(tmp_path / "got")) == 1)
        first.kill()
    (tmp_path / "well").touch()
    assert subprocess.run(program(told.home.root), check=False, timeout=ENOUGH_S).returncode == 0
    before, again = messages(tmp_path / "got")
    assert before["id"] == again["id"]
    assert ("repeated" in before, again["repeated"]) == (False, True)
    (sent,) = told.records()
    assert isinstance(sent, v.NotificationSent)
    assert (sent.message, sent.repeated, sent.tries) == (before["id"], True, 2)


def test_one_at_a_time_and_none_without_channels(told: ToldHome) -> None:
    """The second one says that it is busy; without channels what is pending is recorded, and nothing is kept."""
    told.home.notifications.mkdir()
    lock = FileLock(told.home.notifications / LOCK_NAME)
    assert lock.try_take()
    assert subprocess.run(program(told.home.root), check=False, timeout=ENOUGH_S).returncode == BUSY
    lock.close()
    told.write_config("jobs: {}\n")
    assert subprocess.run(program(told.home.root), check=False, timeout=ENOUGH_S).returncode == NO_CHANNELS
    assert not (told.home.notifications / STATE_NAME).exists()


@pytest.mark.long
def test_a_scheduler_has_people_told_from_the_edit_on_that_names_a_channel(tmp_path: Path) -> None:
    """The message arrives while it serves, and that is on record; what ends with the stop is told at the end."""
    got = tmp_path / "got"
    job = "jobs: {a: {command: 'echo broken; exit 3', every: 1s"
    home = make_home(tmp_path / "home", f"{job}}}}}\n")
    with Served(home.root) as served:
        served.wait_for(v.RunFinished)
        assert not home.notifications.exists()
        channel = f"channels: {{desk: {{command: [sh, -c, 'cat >> {got}'], digest: none}}}}\n"
        edited = f"{channel}{job}, notify: {{channels: desk}}}}}}\n"
        aside = home.config.with_suffix(".new")
        aside.write_text(edited)
        aside.replace(home.config)
        sent = served.wait_for(v.NotificationSent)
        served.stop(signal.SIGTERM)
    first = messages(got)[0]
    assert v.payload(sent).message == first["id"]
    (notice, *_) = first["notices"]
    assert (notice["kind"], notice["job"], notice["output_end"]) == ("failure", "a", "broken\n")

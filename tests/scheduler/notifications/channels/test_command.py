"""A command: what it is given, and what is made of one that fails."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest

from scheduler.home import Home
from scheduler.notifications.channels import open_channel
from scheduler.notifications.settings import Channel
from scheduler.notifications.transport import NotDelivered
from tests.support.notices import message

ENVIRON = {"PATH": os.environ["PATH"], "LANG": "C", "PAGER_TOKEN": "s3cr3t", "CRONLEDGER_RUN": "7"}
KEEPS = """
import json, os, sys
json.dump([sys.argv[1:], os.getcwd(), dict(os.environ), sys.stdin.read()], open("got", "w"))
"""


def tell(*command: str, **more: object) -> Channel:
    """A channel that runs a command."""
    return Channel(name="c", kind="command", command=command, **more)  # type: ignore[arg-type]


def refused(channel: Channel, home: Home) -> NotDelivered:
    """Why a message is not delivered."""
    with pytest.raises(NotDelivered) as caught:
        open_channel(channel, home, ENVIRON).send(message())
    return caught.value


def test_it_gets_json_and_a_small_environment(home: Home) -> None:
    """In the home's folder; of the environment only what runs get, and which channel and message it is."""
    open_channel(tell(sys.executable, "-c", KEEPS, "$HOME", "a b"), home, ENVIRON).send(message())
    arguments, folder, environ, given = json.loads((home.root / "got").read_text())
    assert arguments == ["$HOME", "a b"]
    assert folder == str(home.root)
    assert json.loads(given)["data"]["notices"][0]["job"] == "backup"
    environ.pop("LC_CTYPE", None)  # Python's own
    assert environ == {
        "PATH": ENVIRON["PATH"],
        "LANG": "C",
        "CRONLEDGER_HOME": str(home.root),
        "CRONLEDGER_CHANNEL": "c",
        "CRONLEDGER_MESSAGE": message().id,
    }


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (("/bin/sh", "-c", "echo no such team >&2; exit 3"), "it failed with exit code 3: no such team"),
        (("/bin/sh", "-c", "kill -9 $$"), "it was ended by signal 9"),
        (("/nowhere/tell",), "it cannot be started: No such file or directory"),
    ],
)
def test_one_that_fails_is_told(command: tuple[str, ...], words: str, home: Home) -> None:
    """Exit code, signal, or why it did not start."""
    problem = refused(tell(*command), home)
    assert problem.reason.startswith(words)
    assert (problem.permanent, problem.uncertain) == (False, False)


def test_one_that_reads_nothing_is_right(home: Home) -> None:
    """Its exit code alone counts."""
    open_channel(tell("/bin/true"), home, ENVIRON).send(message())


def test_one_that_does_not_end_is_killed_with_what_it_started(home: Home, tmp_path: Path) -> None:
    """And may have told what it was to tell."""
    began_s = time.monotonic()
    problem = refused(tell("/bin/sh", "-c", "sleep 600 & echo $! > child; wait", timeout_ms=1_000), home)
    assert time.monotonic() - began_s < 30
    assert problem.reason == "it did not end within 1 s"
    assert problem.uncertain
    child = Path("/proc") / (tmp_path / "child").read_text().strip() / "stat"
    while child.exists() and child.read_text().rpartition(")")[2].split()[0] != "Z":
        time.sleep(0.005)


def test_one_that_writes_without_end_is_killed_and_may_have_told(home: Home) -> None:
    """What it did before it was killed is not known."""
    problem = refused(tell("yes"), home)
    assert problem.uncertain
    assert problem.reason.startswith("it wrote more than ")

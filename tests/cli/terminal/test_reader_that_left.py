"""A reader that leaves early is no failure, and keeps no answer from whoever waits for the exit code."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from scheduler.home import Home
from tests.support.command import call, start
from tests.support.home import CONFIG, flip_a_bit, make_home, write_config

pytestmark = pytest.mark.real


def code_without_reader(home: Home, *arguments: str) -> int:
    """With which exit code a command leaves of whose output nobody reads anything; it does not complain of that."""
    reading, writing = os.pipe()
    os.close(reading)
    try:
        running = start(*arguments, home=home.root, stdout=writing, stderr=subprocess.PIPE)
    finally:
        os.close(writing)
    _, err = running.communicate(timeout=60)
    assert b"pipe" not in err.lower()
    assert b"Traceback" not in err
    return running.returncode


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a few entries, which nobody serves."""
    home = make_home(tmp_path / "home")
    assert call("jobs", "disable", "nightly", home=home.root).code == 0
    return home


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["status"], 0),
        (["status", "--exit-code"], 1),
        (["status", "--exit-code", "--json"], 1),
        (["ledger", "verify"], 0),
        (["ledger", "tail"], 0),
        (["jobs", "list", "--json"], 0),
        (["check", "--strict"], 1),
    ],
    ids=str,
)
def test_the_exit_code_is_that_of_the_answer(home: Home, arguments: list[str], code: int) -> None:
    """What only shows something leaves with 0."""
    write_config(home.root, CONFIG.replace("command: echo tick", "command: /no/such/program"))
    assert code_without_reader(home, *arguments) == code


@pytest.mark.parametrize("options", [[], ["--json"]], ids=["words", "json"])
def test_a_damaged_ledger_is_not_verified_by_nobody_reading(home: Home, options: list[str]) -> None:
    """It leaves with 1 as ever."""
    flip_a_bit(home)
    assert code_without_reader(home, "ledger", "verify", *options) == 1

"""A config of several files, as commands show it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from scheduler.configuration.errors import ConfigInvalid
from scheduler.configuration.files.part_names import folder_of
from scheduler.configuration.load import load
from scheduler.home import Home
from scheduler.service.config_in_force import rejection
from tests.support.command import call
from tests.support.home import make_home, record

PART = "\njobs:\n  p: {command: echo part, schedule: '*/7 * * * *', env: {API_TOKEN: hunter2hunter2}}\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with two jobs in `config.yaml`."""
    return make_home(tmp_path / "home")


@pytest.fixture
def parted(home: Home) -> Path:
    """A part of the home's config, with a job of its own."""
    path = folder_of(home.config) / "p.yaml"
    path.parent.mkdir(mode=0o700)
    path.write_text(PART)
    return path


def test_check_names_the_file_of_a_remark_and_of_a_mistake(home: Home, parted: Path) -> None:
    """To people by its path, to programs by its name beside `config.yaml`."""
    home.config.write_text(home.config.read_text() + "  odd: {command: x, schedule: '*/7 * * * *'}\n")
    answer = call("check", home=home.root)
    assert (answer.code, answer.out) == (0, f"{home.config} and 1 file in config.d: all right, 4 jobs\n")
    assert f"\n{parted}:3:37: warning: p: " in answer.err
    warnings = call("check", "--json", home=home.root).document["warnings"]
    assert [(each["file"], each["job"]) for each in warnings][-1] == ("config.d/p.yaml", "p")
    assert "config.yaml" in {each["file"] for each in warnings}
    parted.write_text("jobs:\n  nightly: {command: x, every: 1h}\n")
    answer = call("check", home=home.root)
    assert answer.code == 2
    assert f"{parted}:2:3: error: 'nightly' stands in two files" in answer.err
    assert "      nightly: {command: x, every: 1h}\n      ^\n" in answer.err
    document = call("check", "--json", home=home.root).document
    assert [(each["file"], each["line"]) for each in document["errors"]] == [("config.d/p.yaml", 2)]


def test_a_part_is_seen_by_every_command(home: Home, parted: Path) -> None:
    """It comes into force, is shown with its file, and an edit of it is seen as one."""
    assert "of p succeeded" in call("jobs", "run", "p", home=home.root).err
    document = call("status", "--json", home=home.root).document["config"]
    assert document["state"] == "in force"
    assert sha256(home.config_in_force.read_bytes()).hexdigest() == document["in_force"]
    shown = call("jobs", "show", "p", "--json", home=home.root).document["configuration"]
    (command,) = [each for each in shown if each["key"] == "command"]
    assert (command["origin"], command["file"], command["line"]) == ("job", "config.d/p.yaml", 3)
    assert "job, config.d/p.yaml, line 3" in call("jobs", "show", "p", home=home.root).out
    parted.write_text(PART.replace("part", "other"))
    assert "not in force yet" in call("status", home=home.root).out
    parted.write_text("jobs: {p: {every: 1h, comand: x}}\n")
    told = call("status", home=home.root)
    assert "rejected: the last good one stays in force" in told.out
    assert "config.d/p.yaml, line 1, column " in told.out
    assert "unknown key 'comand'" in told.out
    (first, *_) = call("status", "--json", home=home.root).document["config"]["errors"]
    assert first["file"] == "config.d/p.yaml"
    # A run without a scheduler goes on with the copy, the job of the part among it.
    answer = call("jobs", "run", "p", home=home.root)
    assert f"{parted}:1:" in answer.err
    assert "of p succeeded" in answer.err
    with pytest.raises(ConfigInvalid) as caught:
        load(home.config, home.root)
    record(home, rejection(caught.value))
    assert "config.d/p.yaml, line 1, column " in call("ledger", "tail", home=home.root).out


def test_secrets_of_a_part_are_masked(home: Home, parted: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """As those of `config.yaml` are."""
    parted.write_text(PART.replace("echo part", "echo $API_TOKEN"))
    call("jobs", "run", "p", home=home.root)
    assert capfd.readouterr().out == "***\n"
    shown = call("logs", "view", home=home.root)
    assert "***" in shown.out
    assert "hunter2" not in shown.out + shown.err

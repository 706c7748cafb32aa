"""`docs/audit-guide.md`: each command in it is one that there is, and answers."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from scheduler.home import Home
from tests.support.command import call
from tests.support.home import write_config
from tests.support.simulated_home import home_of, story

GUIDE = Path(__file__).resolve().parents[2] / "docs" / "audit-guide.md"
COMMANDS = re.findall(r"^    cronledger (.+)$", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)
CONFIG = """\
jobs:
  nightly: {command: ["true"], schedule: "45 3 * * *", timezone: Europe/Paris}
"""


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """The home of the examples: a week of a nightly job in the spring of 2025."""
    root = tmp_path_factory.mktemp("audited")
    home = home_of(story(), root)
    write_config(root, CONFIG)
    return home


@pytest.mark.parametrize("line", COMMANDS)
def test_each_command_of_the_guide_answers(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, line: str
) -> None:
    """With exit code 0, and without a word of what is wrong."""
    monkeypatch.chdir(tmp_path)
    answer = call(*shlex.split(line), home=home.root)
    assert answer.code == 0, answer.err
    assert "error" not in answer.err


def test_the_guide_answers_each_question_by_commands() -> None:
    """Each section of a question has some."""
    sections = re.split(r"^## ", GUIDE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    asking = [text for text in sections if text.splitlines()[0].endswith("?")]
    assert len(asking) == 7
    assert all("\n    cronledger " in text for text in asking)


def test_the_guide_says_what_is_so(home: Home) -> None:
    """What the examples are said to show: nothing stands twice, everything is accounted for."""
    twice = next(line for line in COMMANDS if "HAVING" in line)
    assert call(*shlex.split(twice), home=home.root).out == ""
    assert (
        "it was disabled then"
        in call("jobs", "why", "nightly", "--at", "2025-03-29 02:30", home=home.root).out
    )

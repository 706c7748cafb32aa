"""`jobs new`: what it writes can be run and tested as it stands."""

from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.command import DEADLINE_S, call
from tests.support.home import LiveHome


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """A home with a job that has no class yet."""
    home = LiveHome(tmp_path)
    home.configure("jobs:\n  nightly-report: {on_demand: true, greeting: Hi}\n")
    return home


@pytest.mark.real
def test_the_example_runs_and_its_test_passes(home: LiveHome) -> None:
    """With a value for its field, and what it says on record."""
    assert home.ask("jobs", "new", "nightly-report").code == 0
    done = home.run("jobs", "run", "nightly-report")
    assert (done.code, done.out.splitlines()[-1]) == (0, "Hi from nightly-report")
    assert "succeeded" in done.err
    assert "greeted 1 times (1 item)" in done.err
    folder = home.root / "extensions" / "nightly_report"
    tested = subprocess.run(
        [sys.executable, "-m", "unittest"], cwd=folder, capture_output=True, timeout=DEADLINE_S, check=False
    )
    assert tested.returncode == 0, tested.stderr
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "jobs.py").stat().st_mode) == 0o600


def test_nothing_is_overwritten(home: LiveHome) -> None:
    """What is there stays as it is."""
    assert call("jobs", "new", "json", home=home.root).code == 0
    path = home.root / "extensions" / "json_job" / "jobs.py"
    path.write_text("mine")
    answer = call("jobs", "new", "json", home=home.root)
    assert (answer.code, path.read_text()) == (2, "mine")
    assert f"there is a file already: {path}" in answer.err


@pytest.mark.parametrize(("name", "said"), [
    ("nightly report", "did you mean nightly-report?"),
    ("log-cleanup", "log-cleanup is a job that cronledger brings along"),
    ("../x", "begins with '.'"),
])  # fmt: skip
def test_other_names_are_refused(home: LiveHome, name: str, said: str) -> None:
    """Before anything is written."""
    answer = call("jobs", "new", name, home=home.root)
    assert answer.code == 2
    assert said in " ".join(answer.err.split())
    assert not (home.root / "extensions").exists()


def test_it_needs_a_home(tmp_path: Path) -> None:
    """An empty folder is none."""
    assert call("jobs", "new", "a", home=tmp_path).code == 2
    assert list(tmp_path.iterdir()) == []

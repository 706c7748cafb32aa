from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.home import LiveHome

CONFIG = """\
jobs:
  marked: {command: "touch ran; echo $SECRET", every: 1h, env: {SECRET: "swordfish"}, require_reason: true}
  listed: {command: [echo, a b], every: 1h, timeout: 15m, working_directory: /}
  absent: {command: no-such-program --now, every: 1h}
  lost: {command: ./here, every: 1h, working_directory: nowhere}
  cleanup-sessions: {schedule: "0 2 * * *"}
"""


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """A home with jobs that can and cannot be started; it has no ledger."""
    live = LiveHome(tmp_path)
    live.configure(CONFIG)
    return live


def test_nothing_is_executed_or_recorded(home: LiveHome) -> None:
    """The command is shown with the names of its variables; no value of one is, and there is no ledger afterwards."""
    answer = home.ask("jobs", "run", "marked", "--dry-run")
    assert answer.code == 0
    assert "swordfish" not in answer.out
    assert "of the config: SECRET\n" in answer.out
    assert "/bin/sh -c 'touch ran; echo $SECRET'" in answer.out
    assert "CRONLEDGER_JOB" in answer.out
    assert "nothing recorded" in answer.err
    assert not (home.root / "ran").exists()
    assert not home.ledger.exists()


def test_what_a_run_gets_is_what_is_shown(home: LiveHome) -> None:
    """The names are those of the environment that a run really has."""
    home.configure('jobs: {told: {command: env, every: 1h, env: {A: "1", PATH: /usr/bin:/bin}}}\n')
    (shown,) = home.ask("jobs", "run", "told", "--dry-run", "--json").document
    ran = home.run("jobs", "run", "told")
    assert {line.partition("=")[0] for line in ran.out.splitlines() if "=" in line} == {
        name for names in shown["variables"].values() for name in names
    }
    assert shown["variables"]["config"] == ["A", "PATH"]


@pytest.mark.parametrize(("name", "told"), [
    ("absent", "program not found: no 'no-such-program' in its PATH"),
    ("lost", "there is no folder "),
])  # fmt: skip
def test_what_could_not_be_started_is_told(home: LiveHome, name: str, told: str) -> None:
    """Exit code 1, where this command would execute it."""
    answer = home.ask("jobs", "run", name, "--dry-run")
    assert (answer.code, told in answer.out) == (1, True)


def test_programs_are_told_the_same(home: LiveHome) -> None:
    """Arguments, folder, time-out."""
    (listed,) = home.ask("jobs", "run", "listed", "--dry-run", "--json").document
    assert (listed["argv"], listed["working_directory"], listed["timeout_ms"]) == (
        ["echo", "a b"],
        "/",
        900_000,
    )
    assert (listed["executor"], listed["problem"], listed["in_flight"]) == ("self", None, [])
    assert listed["program"].endswith("/echo")
    assert home.ask("jobs", "run", "nonsense", "--dry-run").code == 2

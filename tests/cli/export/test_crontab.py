"""`cronledger export jobs --format crontab`: the command as people use it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command import call

CONFIG = """
defaults: {timeout: 1h}
jobs:
  copy: {command: /opt/copy, schedule: "30 2 * * *", description: Copies it, retry: {attempts: 3}, overlap: allow}
  odd: {command: /opt/odd, every: 90s}
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with two jobs; nothing is recorded yet."""
    config = tmp_path / "home" / "services" / "scheduler" / "config.yaml"
    config.parent.mkdir(parents=True)
    config.write_text(CONFIG, "utf-8")
    return tmp_path / "home"


def test_jobs_become_entries_and_what_cannot_be_said_comments(home: Path) -> None:
    """Of the config as it is; what is left out is counted on standard error."""
    answer = call("export", "jobs", "--format", "crontab", home=home)
    assert answer.code == 0
    lines = answer.out.splitlines()
    assert f"30 2 * * * cd {home} && /opt/copy" in lines
    assert "# Copies it" in lines
    assert any(line.startswith("# not said here: timeout: 1h") for line in lines)
    assert any(line.startswith("# not said here: retry: ") for line in lines)
    assert not any("overlap" in line for line in lines)
    assert "# left out: every 90s is no whole minute" in lines
    assert "1 job of 2 left out" in answer.err


def test_it_is_imported_again(home: Path, tmp_path: Path) -> None:
    """With the same times."""
    target = tmp_path / "tab"
    assert call("export", "jobs", "--format", "crontab", "-o", str(target), home=home).code == 0
    assert target.stat().st_mode & 0o777 == 0o600
    again = call("import", "crontab", str(target), "--json", home=tmp_path / "other")
    assert again.code == 0
    assert [(job["name"], job["same"]) for job in again.document["jobs"]] == [("copy", True)]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["runs", "--format", "crontab"], "nothing that a crontab holds"),
        (["jobs", "--format", "crontab", "--since", "1d"], "do not go with them"),
        (["jobs", "--system"], "go with --format crontab"),
        (["jobs", "--format", "crontab", "--job", "none"], "has no job none"),
        (["jobs", "--format", "crontab", "--job", "cpoy"], "has no job cpoy: did you mean copy?"),
        (["jobs", "--format", "crontab", "--job", "\x1b[2J"], "has no job \\x1b[2J"),
    ],
)
def test_what_does_not_go_together_is_refused(home: Path, arguments: list[str], said: str) -> None:
    """With the reason."""
    answer = call("export", *arguments, home=home)
    assert (answer.code, said in answer.err) == (2, True)


def test_one_job_is_exported_alone(home: Path) -> None:
    """By its name."""
    answer = call("export", "jobs", "--format", "crontab", "--job", "copy", "--system", home=home)
    assert "job odd" not in answer.out
    assert any(
        line.startswith("30 2 * * * ") and line.endswith("/opt/copy") for line in answer.out.splitlines()
    )

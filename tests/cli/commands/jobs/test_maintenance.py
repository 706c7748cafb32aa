from __future__ import annotations

import json
import os
import time
from pathlib import Path

import msgspec
import pytest

from tests.support.home import LiveHome

pytestmark = [
    pytest.mark.real,
    pytest.mark.unshifted("a run's environment is exact: libfaketime does not reach the job that deletes"),
]

CONFIG = """
jobs:
  cleanup-sessions:
    schedule: "0 2 * * *"
    retention_hours: 48
    directories: [{path: extra, pattern: "*.session"}]
    limits: {nice: 1}
"""


@pytest.fixture
def home(tmp_path: Path) -> LiveHome:
    """A home with sessions of which some are 30 and some 60 hours old."""
    home = LiveHome(tmp_path / "home")
    home.configure(CONFIG)
    for folder in ("extra", "var/sessions"):
        (home.root / folder).mkdir(parents=True)
        for hours in (1, 30, 60):
            path = home.root / folder / f"{hours}.session"
            path.write_text("x" * 100)
            aged(path, hours)
    return home


def aged(path: Path, hours: float) -> None:
    """Make a file look as old as this."""
    changed_s = time.time() - hours * 3600
    os.utime(path, (changed_s, changed_s))


def left(home: LiveHome) -> list[str]:
    """The sessions that are still there."""
    return sorted(str(path.relative_to(home.root)) for path in home.root.rglob("*.session"))


def test_the_configured_retention_applies_without_an_option(home: LiveHome) -> None:
    """Sessions older than the config says are deleted, in all its folders; the run is recorded as one of the job."""
    result = home.run("jobs", "cleanup-sessions")
    assert result.code == 0, result.err
    assert "deleted 2 files (200 bytes)" in result.out
    assert left(home) == [
        "extra/1.session", "extra/30.session", "var/sessions/1.session", "var/sessions/30.session"
    ]  # fmt: skip
    (requested,) = home.entries("run.requested")
    assert requested.job == "cleanup-sessions"
    assert msgspec.json.decode(requested.data)["executor"] == "self"
    assert "parameters" not in msgspec.json.decode(requested.data)
    (applied,) = home.entries("retention.applied")
    assert applied.run == requested.seq
    finished = msgspec.json.decode(home.entries("run.finished")[0].data)
    assert finished["outcome"] == "succeeded"
    assert finished["message"].startswith("deleted 2 files (200 bytes) last changed before 20")
    assert (finished["items_processed"], finished["items_failed"]) == (2, 0)
    assert finished["metrics"]["deleted_bytes"] == 200
    assert f": {finished['message']} (2 items, 0 failed)" in result.err
    home.check()


def test_a_run_and_sql_tell_what_it_said(home: LiveHome) -> None:
    """As of any job in Python; and `jobs run --dry-run` runs it, for its class says that it obeys."""
    before = left(home)
    assert home.ask("jobs", "run", "cleanup-sessions", "--dry-run").code == 0
    assert left(home) == before
    (requested,) = home.entries("run.requested")
    assert msgspec.json.decode(requested.data)["parameters"] == ["dry_run"]
    assert "would delete 2 files (200 bytes)" in home.ask("runs", "show", str(requested.seq)).out
    query = "SELECT items_processed, metrics->>'$.deleted_bytes' AS deleted_bytes FROM runs"
    assert home.ask("sql", query, "--json").document == [{"items_processed": 2, "deleted_bytes": "200"}]


def test_an_option_overrules_the_config_and_is_recorded_by_name(home: LiveHome) -> None:
    """--hours 24 deletes more than the configured 48; the request says which parameters were given."""
    result = home.ask("jobs", "cleanup-sessions", "--hours", "24")
    assert result.code == 0
    assert left(home) == ["extra/1.session", "var/sessions/1.session"]
    assert msgspec.json.decode(home.entries("run.requested")[0].data)["parameters"] == ["retention_hours"]


def test_a_dry_run_deletes_nothing(home: LiveHome) -> None:
    """--dry-run counts, says so, and leaves every file."""
    before = left(home)
    result = home.run("jobs", "cleanup-sessions", "--hours", "24", "--dry-run", "--json")
    assert result.code == 0
    document = json.loads(result.out)
    assert (document["retention"]["dry_run"], document["retention"]["deleted"]) == (True, 4)
    assert document["run"]["outcome"] == "succeeded"
    assert "would delete 4 files" in result.err
    assert left(home) == before


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "many", "1_000", "99999999999"])
def test_values_below_one_are_refused(home: LiveHome, value: str) -> None:
    """Exit code 2, nothing is deleted and nothing is recorded."""
    before = left(home)
    for command in (["cleanup-sessions", "--hours"], ["log-cleanup", "--days"]):
        result = home.ask("jobs", *command, value)
        assert result.code == 2, value
    assert left(home) == before
    assert home.entries() == []


def test_a_job_that_is_not_configured_runs_with_its_defaults(home: LiveHome) -> None:
    """log-cleanup is not in this config: 30 days apply, and captured output of that age goes."""
    logs = home.root / "var" / "logs" / "output" / "2020-01-01"
    logs.mkdir(parents=True)
    old, young = logs / "7-1.stdout", logs / "8-1.stdout"
    for path, days in ((old, 31), (young, 29)):
        path.write_text("x")
        aged(path, days * 24)
    result = home.ask("jobs", "log-cleanup")
    assert result.code == 0, result.err
    assert not old.exists()
    assert young.exists()
    assert home.entries("run.requested")[0].job == "log-cleanup"
    shorter = home.ask("jobs", "log-cleanup", "--days", "28")
    assert shorter.code == 0
    assert not young.exists()
    past = json.loads(home.ask("jobs", "history", "--job", "log-cleanup", "--json").out)
    assert [row["outcome"] for row in past] == ["succeeded", "succeeded"]
    home.check()


def test_a_job_with_a_command_of_its_own_is_left_alone(home: LiveHome) -> None:
    """Where the config gives the name another meaning the command refuses and says what to do."""
    home.configure('jobs:\n  log-cleanup:\n    command: "true"\n    schedule: "@daily"\n')
    result = home.ask("jobs", "log-cleanup")
    assert result.code == 2
    assert "jobs run log-cleanup" in result.err


def test_it_runs_beside_a_scheduler(home: LiveHome) -> None:
    """While a scheduler serves the home the command executes the run itself, and the scheduler leaves it alone."""
    with home.served():
        assert home.ask("jobs", "cleanup-sessions", "--dry-run").code == 0
        kinds = [entry.type for entry in home.entries("run.")]
    assert kinds == ["run.requested", "run.started", "run.finished"]
    home.check()

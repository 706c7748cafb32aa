"""`config apply` and `config show`, on one machine and on a database."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from cli.app.failures import ExitCode
from scheduler.database.agreement import settle_place
from scheduler.home import Home
from tests.support.home import LiveHome, write_config
from tests.support.postgresql_fixtures import TestDatabase

CONFIG = """\
ledger: {store: "URL"}
scheduler: {max_parallel: 3}
channels: {pager: {webhook: "https://p.example/s3cret"}}
jobs:
  plain: {command: echo plain, every: 5m}
  load: {command: /opt/load, every: 5m, env: {PGPASSWORD: s3cret}}
"""


@pytest.fixture
def url(pg_database: TestDatabase) -> str:
    """The address of a database with a ledger."""
    return pg_database.url


def _home(root: Path, url: str, salt: bytes = b"7" * 32) -> LiveHome:
    home = LiveHome(root)
    write_config(root, CONFIG.replace("URL", url))
    (root / "var").mkdir(mode=0o700)
    (root / "var/salt").write_bytes(salt)
    return home


def test_on_one_machine_there_is_nothing_to_apply(tmp_path: Path) -> None:
    """The config is in force by itself; nothing is recorded, and `config show` says what is in force."""
    home = LiveHome(tmp_path)
    write_config(tmp_path, "jobs: {a: {command: echo a, every: 5m}}\n")
    found = home.ask("config", "apply")
    assert (found.code, "in force by itself" in found.out, (tmp_path / "var/ledger").exists()) == (
        0,
        True,
        False,
    )
    home.ask("jobs", "disable", "a")
    shown = json.loads(home.ask("config", "show", "--json").out)
    assert (shown["by"], shown["on_database"], shown["file"]["state"]) == ("config", False, "in force")


def test_it_brings_the_config_into_force_for_all_homes(tmp_path: Path, url: str) -> None:
    """A dry run records nothing; then it is recorded by the person, once; and no secret is in what is shown of it."""
    home, other = _home(tmp_path / "a", url), _home(tmp_path / "b", url)
    dry = home.ask("config", "apply", "--dry-run")
    assert (dry.code, "2 new" in dry.out) == (0, True)
    assert home.ask("jobs", "list").out == ""
    done = home.ask("config", "apply")
    assert "in force on all nodes" in done.out
    assert home.ask("config", "apply").out.startswith("Nothing would change")
    assert other.ask("config", "apply").out.startswith("Nothing would change")
    assert "plain" in other.ask("jobs", "list").out
    shown = json.loads(other.ask("config", "show", "--json").out)
    assert (shown["by"].startswith("user:"), shown["file"]["state"], shown["jobs"]) == (True, "in force", 2)
    text = other.ask("config", "show", "--text").out
    assert ("echo plain" in text, "s3cret" in text) == (True, False)


def test_an_edit_that_is_not_applied_is_told_as_that(tmp_path: Path, url: str) -> None:
    """Neither commands that read nor commands that record take it up, and `plan` says how it comes into force."""
    home = _home(tmp_path / "a", url)
    home.ask("config", "apply")
    write_config(home.root, CONFIG.replace("URL", url).replace("echo plain", "echo other"))
    assert home.ask("jobs", "disable", "plain", "--reason", "x").code == 0
    assert "echo plain" in home.ask("jobs", "show", "plain").out
    assert "config apply" in home.ask("plan").err
    assert "config apply" in home.ask("config", "show").out


def test_another_salt_is_refused(tmp_path: Path, url: str) -> None:
    """Its digests could not be compared with those in force; what to do is said, and nothing is recorded."""
    _home(tmp_path / "a", url).ask("config", "apply")
    other = _home(tmp_path / "b", url, b"8" * 32)
    found = other.ask("config", "apply")
    assert (found.code, "salt" in found.err, "Copy that file" in found.err) == (ExitCode.USAGE, True, True)


def test_looking_makes_no_salt(tmp_path: Path, url: str) -> None:
    """One that a command made here would not be that of the other nodes, which is to be copied."""
    _home(tmp_path / "a", url).ask("config", "apply")
    other = _home(tmp_path / "b", url)
    (other.root / "var/salt").unlink()
    settle_place(Home(other.root), url)
    assert "in force" in other.ask("config", "show").out
    assert other.ask("status").code == ExitCode.DONE
    assert not (other.root / "var/salt").exists()


def test_a_config_with_mistakes_is_not_applied(tmp_path: Path, url: str) -> None:
    """All of them are shown, as `check` shows them, and what is in force stays so."""
    home = _home(tmp_path / "a", url)
    home.ask("config", "apply")
    write_config(home.root, CONFIG.replace("URL", url).replace("every: 5m", "evry: 5m"))
    found = home.ask("config", "apply")
    assert (found.code, found.err.count("evry")) == (ExitCode.USAGE, 4)
    assert "plain" in home.ask("jobs", "list").out

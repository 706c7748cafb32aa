"""Environments are kept for definitions in force whose edits wait for approval: privately, and believed by digest."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import pytest
from msgspec import structs

from scheduler.configuration.load import parse
from scheduler.configuration.model import ConfiguredJob
from scheduler.configuration.variables.kept_environments import (
    KeptEnvironment,
    keep_environments,
    kept_environment,
    kept_environments,
)
from scheduler.configuration.variables.salt import SALT_BYTES
from scheduler.definition import Secret
from scheduler.home import Home
from scheduler.rules.state import Run
from scheduler.service.launcher import Launcher

SALT = b"salt"


def jobs_with(value: str, salt: bytes = SALT) -> Mapping[str, ConfiguredJob]:
    """A config whose job has this value."""
    text = f"jobs: {{a: {{every: 1h, command: 'true', env: {{TOKEN: {value}, MODE: x}}}}}}"
    return parse(text.encode(), Path("config.yaml"), salt=salt).jobs


OLD, NEW = jobs_with("old"), jobs_with("new")


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    """Nobody else can read it."""
    folder = tmp_path / "environments"
    old, new = OLD["a"].definition, NEW["a"].definition
    keep_environments(folder, [old], [lambda: NEW, lambda: OLD], SALT)
    assert kept_environment(folder, old, SALT) == {"TOKEN": "old", "MODE": "x"}
    assert kept_environment(folder, new, SALT) is None
    assert kept_environment(folder, structs.replace(old, env={}), SALT) == {}
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def test_what_is_kept_is_not_looked_for_again_and_goes_when_nobody_wants_it(tmp_path: Path) -> None:
    """Files of other names stay."""

    def never() -> Mapping[str, ConfiguredJob]:
        raise AssertionError("it was asked for")

    old = OLD["a"].definition
    keep_environments(tmp_path, [old], [lambda: OLD, never], SALT)
    keep_environments(tmp_path, [old], [never], SALT)
    (tmp_path / "notes.txt").write_text("mine")
    keep_environments(tmp_path, [], [never], SALT)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_what_else_is_secret_is_kept_with_it(tmp_path: Path) -> None:
    """It is renewed from what is kept, where no config has the values any more."""
    old = OLD["a"].definition
    keep_environments(tmp_path, [old], [lambda: OLD], SALT)
    secret = structs.replace(old, secrets={"KEY": Secret(file="key")})
    keep_environments(tmp_path, [secret], [lambda: NEW], SALT)
    (kept,) = kept_environments(tmp_path)
    assert kept == KeptEnvironment(
        job="a", env={"TOKEN": "old", "MODE": "x"}, secrets={"its secret KEY": Secret(file="key")}
    )


@pytest.mark.parametrize(
    "forged",
    [
        b"",
        b"null",
        b"{",
        b'{"job": "a", "env": {"TOKEN": "evil", "MODE": "x"}}',
        b'{"job": "a", "env": {"TOKEN": 1, "MODE": "x"}}',
        b'{"job": "a", "env": {"TOKEN": "old"}}',
    ],
)
def test_what_was_altered_is_not_believed(tmp_path: Path, forged: bytes) -> None:
    """Whoever can write there cannot change what a job gets."""
    old = OLD["a"].definition
    keep_environments(tmp_path, [old], [lambda: OLD], SALT)
    (file,) = tmp_path.iterdir()
    file.write_bytes(forged)
    assert kept_environment(tmp_path, old, SALT) is None
    file.unlink()
    file.symlink_to("/etc/passwd")
    assert kept_environment(tmp_path, old, SALT) is None


def test_what_was_altered_is_looked_for_anew_in_every_config(tmp_path: Path) -> None:
    """The file that is not believed stands in nobody's way."""
    old = OLD["a"].definition
    keep_environments(tmp_path, [old], [lambda: OLD], SALT)
    (file,) = tmp_path.iterdir()
    file.write_bytes(b"{")
    keep_environments(tmp_path, [old], [lambda: NEW, lambda: OLD], SALT)
    assert kept_environment(tmp_path, old, SALT) == {"TOKEN": "old", "MODE": "x"}


def test_a_start_takes_what_is_kept_and_reads_no_config(tmp_path: Path) -> None:
    """One is read where nothing is kept: another process has recorded an edit first."""
    home, begin, salt = Home(tmp_path), datetime(2026, 3, 1, tzinfo=UTC), bytes(SALT_BYTES)
    home.var.mkdir()
    (home.var / "salt").write_bytes(salt)
    old, new = (jobs_with(value, salt) for value in ("old", "new"))
    run = Run(number=1, job="a", trigger="manual", owed_at=begin)
    read: list[str] = []

    def token_beside(config: Mapping[str, ConfiguredJob]) -> str:
        def reread() -> Mapping[str, ConfiguredJob]:
            read.append("it")
            return config

        return Launcher(home, {}, reread).prepare(run, old["a"].definition, begin, 1).env["TOKEN"]

    assert (token_beside(old), read) == ("old", ["it"])
    keep_environments(home.environments, [old["a"].definition], [lambda: old], salt)
    assert (token_beside(new), read) == ("old", ["it"])

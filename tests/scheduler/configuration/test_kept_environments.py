"""Environments are kept for definitions in force whose edits wait for approval: privately, and believed by digest."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from scheduler.configuration import ConfiguredJob, parse
from scheduler.configuration.variables.kept_environments import keep_environments, kept_environment

SALT = b"salt"


def jobs_with(value: str) -> Mapping[str, ConfiguredJob]:
    """A config whose job has this value."""
    text = f"jobs: {{a: {{every: 1h, command: 'true', env: {{TOKEN: {value}, MODE: x}}}}}}"
    return parse(text.encode(), Path("config.yaml"), salt=SALT).jobs


OLD, NEW = jobs_with("old"), jobs_with("new")


def test_what_was_kept_comes_back(tmp_path: Path) -> None:
    """Nobody else can read it."""
    folder = tmp_path / "environments"
    wanted = [("a", OLD["a"].definition.env)]
    keep_environments(folder, wanted, [lambda: NEW, lambda: OLD])
    assert kept_environment(folder, OLD["a"].definition.env, SALT) == {"TOKEN": "old", "MODE": "x"}
    assert kept_environment(folder, NEW["a"].definition.env, SALT) is None
    assert kept_environment(folder, {}, SALT) == {}
    (file,) = folder.iterdir()
    assert (folder.stat().st_mode & 0o777, file.stat().st_mode & 0o777) == (0o700, 0o600)


def test_what_is_kept_is_not_looked_for_again_and_goes_when_nobody_wants_it(tmp_path: Path) -> None:
    """Files of other names stay."""

    def never() -> Mapping[str, ConfiguredJob]:
        raise AssertionError("it was asked for")

    digests = OLD["a"].definition.env
    keep_environments(tmp_path, [("a", digests)], [lambda: OLD, never])
    keep_environments(tmp_path, [("a", digests)], [never])
    (tmp_path / "notes.txt").write_text("mine")
    keep_environments(tmp_path, [("a", {})], [never])
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


@pytest.mark.parametrize(
    "forged",
    [
        b"",
        b"null",
        b"{",
        b'{"TOKEN": "evil", "MODE": "x"}',
        b'{"TOKEN": 1, "MODE": "x"}',
        b'{"TOKEN": "old"}',
    ],
)
def test_what_was_altered_is_not_believed(tmp_path: Path, forged: bytes) -> None:
    """Whoever can write there cannot change what a job gets."""
    digests = OLD["a"].definition.env
    keep_environments(tmp_path, [("a", digests)], [lambda: OLD])
    (file,) = tmp_path.iterdir()
    file.write_bytes(forged)
    assert kept_environment(tmp_path, digests, SALT) is None
    file.unlink()
    file.symlink_to("/etc/passwd")
    assert kept_environment(tmp_path, digests, SALT) is None

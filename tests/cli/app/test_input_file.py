"""What a person gives a command to read: files that they name, and standard input."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.support.command import call


@pytest.mark.parametrize("command", [("plan", "-"), ("import", "crontab", "-"), ("sql", "-"), ("sql",)])
def test_a_closed_standard_input_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    """Nothing can be read of it, and a person learns what the command waits for."""
    monkeypatch.setattr("sys.stdin", None)
    answer = call(*command, home=tmp_path)
    assert (answer.code, "standard input is closed" in answer.err) == (2, True)
    assert "Traceback" not in answer.err


@pytest.mark.parametrize("command", [("plan",), ("import", "crontab")])
def test_what_another_program_writes_is_read_from_standard_input(
    tmp_path: Path, command: tuple[str, ...]
) -> None:
    """A pipe that is named, as a shell's <(…) does, is refused with the way out; a folder without one."""
    os.mkfifo(tmp_path / "pipe")
    refused = call(*command, str(tmp_path / "pipe"), home=tmp_path)
    assert (refused.code, "no regular file" in refused.err, "give - in its place" in refused.err) == (
        2,
        True,
        True,
    )
    folder = call(*command, str(tmp_path), home=tmp_path)
    assert (folder.code, "give - in its place" in folder.err) == (2, False)

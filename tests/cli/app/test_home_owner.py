"""Who may not write into a home of somebody else is told so by each command that would."""

from __future__ import annotations

import os
from pathlib import Path

import click
import pytest

from cli.app.failures import Failure
from cli.app.home_owner import WRITING, act_as_owner
from scheduler.home import Home
from tests.support.command_tree import COMMANDS


@pytest.mark.parametrize("name", sorted(WRITING))
def test_a_command_that_writes_is_refused_to_others(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is a command that there is; the owner of the home is named, and nothing is tried."""
    assert any(command.endswith(f" {name}") for command in COMMANDS)
    home = Home(tmp_path)
    home.var.mkdir()
    monkeypatch.setattr(os, "geteuid", lambda: 54_321)
    context = click.Context(click.Command(name), info_name=name, obj=home)
    with pytest.raises(Failure, match="nobody else writes there"):
        act_as_owner(context)

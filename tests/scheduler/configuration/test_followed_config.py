"""The config as processes beside the scheduler follow it."""

from __future__ import annotations

from pathlib import Path

import pytest

from scheduler.configuration.model import Config
from scheduler.configuration.reading.followed_config import FollowedConfig
from tests.support.home import make_home, write_config

ONE = "scheduler: {heartbeat: {file: one}}\njobs: {}\n"
TWO = "scheduler: {heartbeat: {file: two}}\njobs: {}\n"


def file_in(config: Config | None) -> str | None:
    """By what one config is told from another here."""
    heartbeat = None if config is None else config.settings.heartbeat
    return None if heartbeat is None else heartbeat.file


def test_an_edit_counts_once_two_looks_find_it_and_only_if_it_can_be_used(tmp_path: Path) -> None:
    """What stands there from one look to the next is not half of what somebody writes."""
    home = make_home(tmp_path, ONE)
    config = FollowedConfig(home)
    assert file_in(config.refresh()) == "one"
    assert config.refresh() is None
    write_config(tmp_path, TWO)
    assert config.refresh() is None
    assert file_in(config.refresh()) == "two"
    write_config(tmp_path, "nonsense\n")
    assert [config.refresh() for _ in range(3)] == [None] * 3
    home.config.unlink()
    assert [config.refresh() for _ in range(3)] == [None] * 3
    assert config.is_known


@pytest.mark.parametrize("half", ["", "jobs: {}"])
def test_half_a_config_is_none_for_one_that_begins(tmp_path: Path, half: str) -> None:
    """It goes by the copy of what was in force, and by the file once that is whole."""
    home = make_home(tmp_path, half)
    home.config_in_force.parent.mkdir(parents=True)
    home.config_in_force.write_text(ONE)
    config = FollowedConfig(home)
    assert file_in(config.refresh()) == "one"
    assert config.refresh() is None
    home.config.write_text(TWO)
    assert [file_in(config.refresh()) for _ in range(2)] == [None, "two"]


def test_without_any_config_that_can_be_used_it_goes_on_looking(tmp_path: Path) -> None:
    """The first one that can is taken up at once."""
    config = FollowedConfig(make_home(tmp_path, "nonsense\n"))
    assert config.refresh() is None
    assert not config.is_known
    write_config(tmp_path, TWO)
    assert file_in(config.refresh()) == "two"

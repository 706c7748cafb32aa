"""A config that anybody but the home's owner and root can write is not used."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from scheduler.configuration.errors import ConfigUntrusted
from scheduler.configuration.home_config import stamp_of
from scheduler.configuration.load import load
from scheduler.home import Home

STRANGER = 65_534
NEEDS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a config."""
    home = Home(tmp_path / "home")
    home.config.parent.mkdir(parents=True)
    home.config.write_text("jobs:\n  a:\n    command: 'true'\n    every: 1h\n")
    return home


def test_what_only_the_owner_can_write_is_used(home: Home) -> None:
    """Others may read it."""
    home.config.chmod(0o644)
    assert list(load(home.config, home.root).jobs) == ["a"]


@pytest.mark.parametrize("mode", [0o660, 0o602])
def test_a_file_that_others_can_write_is_refused(home: Home, mode: int) -> None:
    """The group counts as others; the words say what to do."""
    home.config.chmod(mode)
    with pytest.raises(ConfigUntrusted, match=r"can write .*`chmod go-w "):
        load(home.config, home.root)


@pytest.mark.parametrize("depth", [0, 1, 2])
def test_so_is_one_in_a_folder_that_others_can_write(home: Home, depth: int) -> None:
    """Each folder from the config's up to the home decides which file it is."""
    folder = home.config.parents[depth]
    folder.chmod(0o777)
    with pytest.raises(ConfigUntrusted, match="others can write"):
        load(home.config, home.root)
    folder.chmod(0o1777)
    load(home.config, home.root)


def test_so_is_one_behind_a_link_into_such_a_folder(home: Home, tmp_path: Path) -> None:
    """What counts is where the file is."""
    (tmp_path / "open").mkdir()
    home.config.rename(tmp_path / "open" / "config.yaml")
    home.config.symlink_to(tmp_path / "open" / "config.yaml")
    load(home.config, home.root)
    (tmp_path / "open").chmod(0o777)
    with pytest.raises(ConfigUntrusted, match="others can write"):
        load(home.config, home.root)


@NEEDS_ROOT
def test_a_file_of_somebody_else_is_refused(home: Home) -> None:
    """Neither the home's owner nor root owns it."""
    os.chown(home.config, STRANGER, STRANGER)
    with pytest.raises(ConfigUntrusted, match="belongs to"):
        load(home.config, home.root)
    for folder in (home.root, *home.config.parents[:2]):
        os.chown(folder, STRANGER, STRANGER)
    load(home.config, home.root)


def test_a_config_that_was_made_safe_is_looked_at_again(home: Home) -> None:
    """A change of its permissions alone is noticed by whoever watches it."""
    home.config.chmod(0o660)
    before = stamp_of(home.config)
    home.config.chmod(0o600)
    assert stamp_of(home.config) != before

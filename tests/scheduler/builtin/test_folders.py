"""What is cleaned is the folder that was configured, not what its path leads to when the job runs."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

import pytest

from scheduler.builtin.folders import resolve
from scheduler.builtin.protected_paths import targets
from scheduler.builtin.retention import apply
from scheduler.builtin.retention_report import RetentionTally
from scheduler.configuration.model import ConfiguredJob, Place
from scheduler.definition import Directory, JobDefinition
from scheduler.home import Home
from scheduler.rules.state import Run
from scheduler.service.launcher import Launcher
from tests.scheduler.builtin.conftest import CUTOFF, NOTHING_PROTECTED, OLD, put


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home beside the folder `app/logs`, which holds an old file, as does `other/logs`."""
    for name in ("app", "other"):
        (tmp_path / name / "logs").mkdir(parents=True)
        put(tmp_path / name / "logs" / "old", OLD)
    return Home(tmp_path / "home")


CONFIGURED = Directory(path="../app/logs")


def swept(home: Home, directories: Iterable[Directory]) -> RetentionTally:
    """Clean what was resolved before."""
    tally = RetentionTally()
    home.root.mkdir(exist_ok=True)
    for target in targets(home, list(directories)):
        apply(target, CUTOFF, NOTHING_PROTECTED, tally, dry_run=False)
    return tally


def swap(home: Home) -> None:
    """Put a link in place of the folder above."""
    above = home.root.parent
    (above / "app").rename(above / "app.was")
    (above / "app").symlink_to(above / "other")


def test_a_swapped_parent_is_not_followed(home: Home) -> None:
    """Where the path leads elsewhere than when it was configured, nothing is deleted."""
    home.root.mkdir()
    resolved = resolve(home, CONFIGURED)
    swap(home)
    tally = swept(home, [resolved])
    assert (home.root.parent / "other" / "logs" / "old").exists()
    assert tally.failure_count == 1
    assert str(home.root.parent / "other" / "logs") in tally.failures[0].error


def test_another_folder_of_the_same_name_is_spared(home: Home) -> None:
    """Device and inode tell it, where the path is the same."""
    home.root.mkdir()
    resolved = resolve(home, CONFIGURED)
    above = home.root.parent
    (above / "app").rename(above / "app.was")
    (above / "other").rename(above / "app")
    tally = swept(home, [resolved])
    assert (above / "app" / "logs" / "old").exists()
    assert "another folder" in tally.failures[0].error


def test_the_real_path_is_recorded(home: Home) -> None:
    """A link further up that was there when it was configured is followed, and the entry says to where."""
    swap(home)
    home.root.mkdir()
    tally = swept(home, [resolve(home, CONFIGURED)])
    assert tally.folders[0].path == str(home.root.parent / "other" / "logs")
    assert not (home.root.parent / "other" / "logs" / "old").exists()


def test_a_launcher_resolves_when_a_config_comes_into_force(home: Home) -> None:
    """What a job is started with names the folder of then."""
    home.root.mkdir()
    definition = JobDefinition(name="log-cleanup", directories=(CONFIGURED,))
    launcher = Launcher(home)
    job = ConfiguredJob(definition=definition, env={}, written={}, inherited={}, timing_place=Place(1, 1))
    launcher.use({"log-cleanup": job})
    real, inode = str(home.root.parent / "app" / "logs"), os.stat(home.root.parent / "app" / "logs").st_ino
    swap(home)
    run = Run(number=1, job="log-cleanup", trigger="manual", owed_at=OLD)
    argv = launcher.prepare(run, definition, OLD, 1).argv
    (given,) = [json.loads(each.partition("=")[2]) for each in argv if each.startswith("--directory=")]
    assert (given["real"], given["inode"]) == (real, inode)

"""Commands that read a home which somebody else made: they answer or refuse, and harm nothing."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.home import Home
from scheduler.processes.recognition.pid_records import PidRecords
from scheduler.scheduler_lock import Holder, SchedulerLock
from tests.support.command import call
from tests.support.home import Files, files_of, make_home, restore

READING = (
    ("jobs", "list"), ("status",), ("check",), ("plan",), ("ledger", "tail"), ("ledger", "verify"), ("logs", "view"),
    ("sql", "SELECT count(*) FROM events"), ("jobs", "list", "--as-of", "0"),
)  # fmt: skip
FILES = (
    "services/scheduler/config.yaml", "var/scheduler.lock", "var/identity.json", "var/salt", "var/snapshots",
    "var/logs/entries/position.json", "var/logs/entries/lock", "var/logs/entries/2026-11-23.jsonl",
    "var/projections/manifest.json", "var/projections/lock", "var/projections/events", "var/ledger/lock",
    "var/ledger/HEAD", "var/ledger/00000000000000000000.jsonl", "var/ledger/00000000000000000000.seal",
)  # fmt: skip
FOLDERS = ("var/snapshots", "var/projections/events")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> tuple[Home, Files]:
    """A home of which everything was made, and its files as they are then."""
    home = make_home(tmp_path_factory.mktemp("hostile") / "home")
    for arguments in (
        ("jobs", "disable", "nightly"),
        ("logs", "view"),
        ("sql", "FROM jobs"),
        ("projections", "rebuild"),
    ):
        assert call(*arguments, home=home.root).code == 0
    return home, files_of(home.root)


@pytest.fixture
def home(whole: tuple[Home, Files], name: str, tmp_path: Path) -> Iterator[Home]:
    """That home without what has this name there; afterwards everything is as it was, and no file is a copy."""
    home, files = whole
    path, aside = home.root / name, tmp_path / "aside"
    path.parent.mkdir(parents=True, exist_ok=True)
    was_there = os.path.lexists(path)
    if was_there:
        path.rename(aside)
    yield home
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    path.unlink(missing_ok=True)
    if was_there:
        aside.rename(path)
    restore(home.root, files)


@pytest.mark.parametrize("name", FILES)
def test_nobody_waits_for_a_fifo(home: Home, name: str) -> None:
    """Every command that reads comes to its end, with a documented exit code, whichever file is one."""
    os.mkfifo(home.root / name)
    for arguments in READING:
        assert call(*arguments, home=home.root).code in (0, 1, 2, 3), arguments


@pytest.mark.parametrize("name", [name for name in FILES if name.startswith("var/")])
def test_a_link_leads_nobody_to_what_it_names(home: Home, tmp_path: Path, name: str) -> None:
    """Neither a file nor a folder outside is changed by commands that read, or that run a job."""
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / ".profile").write_text("one\ntwo\nthree")
    (outside / "1-2").write_text("not ours")
    (home.root / name).symlink_to(outside if name in FOLDERS else outside / ".profile")
    for arguments in (*READING, ("jobs", "run", "ticker")):
        assert call(*arguments, home=home.root).code in (0, 1, 2, 3), arguments
    assert (outside / ".profile").read_text() == "one\ntwo\nthree"
    assert (outside / "1-2").read_text() == "not ours"


def test_a_lock_that_is_a_link_truncates_nothing(tmp_path: Path) -> None:
    """Who takes the scheduler's lock writes into it."""
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="symbolic link"):
        SchedulerLock.take(tmp_path / "lock", Holder(1, "web1", datetime(2026, 11, 23, tzinfo=UTC)))
    assert (tmp_path / "precious").read_text() == "mine"


def test_only_notes_are_removed_from_the_folder_of_notes(tmp_path: Path) -> None:
    """Files of other names are not ours."""
    (tmp_path / "diary").write_text("mine")
    (tmp_path / "999999-1").write_text("an ended owner's")
    PidRecords(tmp_path)
    names = {path.name for path in tmp_path.iterdir()}
    assert "diary" in names
    assert "999999-1" not in names

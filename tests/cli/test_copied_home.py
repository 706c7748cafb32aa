"""A copy of a home runs nothing until somebody says what it is, and never touches what the original started."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from cli.home.copied import adoption, copied
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.ownership.home_identity import is_copy, remember
from tests.support.command import DEADLINE_S, await_fact
from tests.support.home import LiveHome

CONFIG = "jobs:\n  long:\n    command: sleep 300\n    every: 1000d\n    timezone: UTC\n"


def copy(home: LiveHome, target: Path) -> LiveHome:
    """Copy a home as people do."""
    subprocess.run(["cp", "-a", str(home.root), str(target)], check=True)
    return LiveHome(target)


def test_stopping_a_copy_leaves_the_originals_processes_alone(tmp_path: Path) -> None:
    """The copy asks, is adopted, starts and stops; the original's run goes on, and is lost in the copy alone."""
    original = LiveHome(tmp_path / "a")
    original.configure(CONFIG)
    with original.served() as scheduler:
        with original.start("jobs", "run", "long") as asking:
            started = v.payload(original.await_entry("run.started"))
            copied = copy(original, tmp_path / "b")
            refused = copied.run("serve")
            assert refused.code == 2
            assert "is a copy of another one" in refused.err
            assert "home adopt" in refused.err
            assert "is a copy of another one" in copied.run("jobs", "run", "long").err
            assert "what run" in copied.ask("jobs", "cancel", "long").err
            assert json.loads(copied.run("status", "--json").out)["home_is_copy"] is True
            other = copied.start("serve", "--adopt-home", stdout=subprocess.DEVNULL)
            copied.await_entry("home.adopted")
            (lost,) = copied.entries("run.finished")
            assert v.payload(lost).outcome == "lost"
            lines = other.stderr
            assert lines is not None
            await_fact(lambda: b"Serving" in lines.readline())
            other.send_signal(signal.SIGTERM)
            other.communicate(timeout=DEADLINE_S)
            assert original.entries("run.finished") == []
            assert started.attempt == 1
            assert sleeping(original) == 1
            asking.send_signal(signal.SIGKILL)
        assert json.loads(copied.run("status", "--json").out)["home_is_copy"] is False
        scheduler.send_signal(signal.SIGINT)
        scheduler.send_signal(signal.SIGINT)
    assert sleeping(original) == 0


def test_a_home_that_was_copied_before_anything_ran_is_a_copy_too(tmp_path: Path) -> None:
    """Its ledger is the other's: their runs would have the same numbers and the same marks."""
    original = LiveHome(tmp_path / "a")
    original.configure(CONFIG)
    assert original.ask("jobs", "disable", "long").code == 0
    copied = copy(original, tmp_path / "b")
    refused = copied.ask("serve")
    assert (refused.code, "is a copy of another one" in refused.err) == (2, True)
    assert not is_copy(Home(original.root))


def sleeping(home: LiveHome) -> int:
    """How many processes of runs of a home there are."""
    found = 0
    for pid in filter(str.isdecimal, os.listdir("/proc")):
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
        except OSError:
            continue
        found += f"CRONLEDGER_HOME={home.root}".encode() in environment and b"CRONLEDGER_RUN" in b"".join(
            environment
        )
    return found


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home that knows what it is."""
    home = Home(tmp_path / "home")
    remember(home)
    return home


def test_a_home_that_was_moved_is_no_copy(home: Home, tmp_path: Path) -> None:
    """On the same disk a file keeps its inode."""
    assert not is_copy(home)
    home.root.rename(tmp_path / "moved")
    assert not is_copy(Home(tmp_path / "moved"))


def test_another_device_counts_within_one_boot(home: Home) -> None:
    """Over a boot, numbers of devices change; so do they where a container is made anew."""
    path = home.var / "identity.json"
    known = json.loads(path.read_bytes())
    path.write_text(json.dumps({**known, "device": known["device"] + 1}))
    assert is_copy(home)
    path.write_text(json.dumps({**known, "device": known["device"] + 1, "boot_id": "an earlier one"}))
    assert not is_copy(home)
    path.write_text(json.dumps({**known, "born_ns": 1, "changed_ns": 1, "boot_id": "an earlier one"}))
    assert is_copy(home) == (known.get("born_ns") is not None)
    home.scheduler_lock.chmod(0o600)  # this changes when it was changed
    path.write_text(json.dumps(known))
    assert not is_copy(home)


def test_a_home_whose_lock_file_did_not_come_along_is_a_copy(home: Home) -> None:
    """It has none, or another one."""
    home.scheduler_lock.unlink()
    assert is_copy(home)


@pytest.mark.parametrize("raw", [b"", b"{}", b'{"inode":"x"}', b"[" * 5000])
def test_an_identity_that_cannot_be_read_is_none(home: Home, raw: bytes) -> None:
    """It is data that anybody may have written."""
    (home.var / "identity.json").write_bytes(raw)
    assert not is_copy(home)


def test_a_copy_whose_ledger_is_in_a_database_is_told_to_serve(home: Home) -> None:
    """`home adopt` is refused there: it would record as lost what other nodes run."""
    assert adoption(home).endswith(" home adopt")
    home.mirror.mkdir()
    assert adoption(home).endswith(" serve --adopt-home")
    said = str(copied(home).hint)
    assert "serve --adopt-home" in said
    assert "home adopt" not in said

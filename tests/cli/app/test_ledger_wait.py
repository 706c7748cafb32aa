"""What is said to a person whose command waits for the ledger."""

from __future__ import annotations

import fcntl
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

import scheduler.store
from eventstore.lock import LOCK_NAME
from scheduler.home import Home
from tests.support.command import DEADLINE_S, call, process, start
from tests.support.home import make_home

pytestmark = pytest.mark.skipif(
    not os.access("/proc/locks", os.R_OK), reason="this system does not list its locks"
)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with a ledger."""
    home = make_home(tmp_path / "home")
    assert call("jobs", "enable", "nightly", home=home.root).code == 0
    return home


@contextmanager
def held(home: Home, operation: int) -> Iterator[int]:
    """Hold the ledger's lock, as a process in the middle of a write does."""
    fd = os.open(home.ledger / LOCK_NAME, os.O_RDWR)
    try:
        fcntl.flock(fd, operation)
        yield fd
    finally:
        os.close(fd)


@pytest.mark.parametrize(
    ("command", "operation", "said"),
    [
        (["jobs", "disable", "nightly"], fcntl.LOCK_EX, "is being written by another process"),
        (["jobs", "disable", "nightly"], fcntl.LOCK_SH, "is held by another process"),
        (["jobs", "run", "ticker"], fcntl.LOCK_EX, "is being written by another process"),
        (["jobs", "list"], fcntl.LOCK_EX, "is being written by another process"),
        (["ledger", "tail"], fcntl.LOCK_EX, "is being written by another process"),
        (["ledger", "show", "0"], fcntl.LOCK_EX, "is being written by another process"),
    ],
)
def test_who_waits_is_told_for_whom(home: Home, command: list[str], operation: int, said: str) -> None:
    """After a moment a word on standard error, with the holder's number; then the command does what it should."""
    with held(home, operation) as fd:
        waiting = start(*command, home=home.root, text=True)
        assert waiting.stderr is not None
        line = waiting.stderr.readline()
        assert waiting.poll() is None
        fcntl.flock(fd, fcntl.LOCK_UN)
    out, _ = waiting.communicate(timeout=DEADLINE_S)
    assert said in line
    ours = Path("/proc/self/cmdline").read_bytes().decode().partition("\0")[0]
    assert f", pid {os.getpid()} ({ours[:40]}" in line
    assert waiting.returncode == 0
    assert out


@pytest.mark.parametrize(
    "command",
    [
        "jobs list", "jobs why nightly", "jobs history", "status", "jobs list --as-of 1", "sql SELECT", "export runs",
        "ledger tail", "ledger show 0", "ledger verify", "projections status", "logs view",
        "jobs disable nightly --reason x", "jobs run nightly", "serve",
    ],
)  # fmt: skip
def test_no_command_waits_without_end(home: Home, command: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who keeps the lock for good is named after a while; `serve` says that it may be started again later."""
    for module in (scheduler.store, sys.modules["eventstore.verification_plan"]):
        monkeypatch.setattr(module, "LOCK_PATIENCE_S", 0.02)
    with held(home, fcntl.LOCK_EX):
        answer = call(*command.split(), home=home.root)
    assert answer.code == (75 if command == "serve" else 3), answer
    assert f"the ledger is held by another process, pid {os.getpid()}" in answer.err
    assert "gave up after 0.02 s" in answer.err
    assert "Nothing more was recorded." in answer.err
    assert call("ledger", "verify", home=home.root).code == 0


def test_who_does_not_wait_is_told_nothing(home: Home) -> None:
    """Those who only look share the lock: none of them waits for another."""
    with held(home, fcntl.LOCK_SH):
        answer = process("jobs", "list", home=home.root)
    assert answer.code == 0
    assert "another process" not in answer.err

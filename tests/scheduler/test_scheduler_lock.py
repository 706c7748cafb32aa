from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.scheduler_lock import AlreadyRunning, Holder, SchedulerLock, holder_of

ME = Holder(os.getpid(), "web1", datetime(2026, 11, 23, tzinfo=UTC))

ASK = """
import sys
from pathlib import Path
from scheduler.scheduler_lock import holder_of
path = Path(sys.argv[1])
print("asking", flush=True)
while True:
    holder_of(path)
"""
TAKE_AND_HOLD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from scheduler.scheduler_lock import Holder, SchedulerLock
lock = SchedulerLock.take(Path(sys.argv[1]), Holder(7, "other", datetime.now(UTC)))
print("held", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the lock is; its folder is not there yet."""
    return tmp_path / "var" / "scheduler.lock"


def program(text: str, path: Path) -> subprocess.Popen[str]:
    """Another process, once it has said that it is at work."""
    process = subprocess.Popen(
        [sys.executable, "-c", text, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline()
    return process


def test_one_holder_at_a_time(path: Path) -> None:
    """Who holds it is told to those who ask and to those who want it too; after release it is free."""
    assert holder_of(path) is None
    lock = SchedulerLock.take(path, ME)
    assert holder_of(path) == ME
    with pytest.raises(AlreadyRunning) as refused:
        SchedulerLock.take(path, ME)
    assert refused.value.holder == ME
    assert holder_of(path) == ME
    lock.release()
    assert holder_of(path) is None
    SchedulerLock.take(path, ME).release()


def test_a_holder_that_dies_gives_it_back(path: Path) -> None:
    """The kernel gives the lock back when its holder is killed; until then others see who it is."""
    other = program(TAKE_AND_HOLD, path)
    holder = holder_of(path)
    assert holder is not None
    assert (holder.pid, holder.host) == (7, "other")
    with pytest.raises(AlreadyRunning):
        SchedulerLock.take(path, ME)
    other.kill()
    other.communicate()
    assert holder_of(path) is None
    SchedulerLock.take(path, ME).release()


def test_a_holder_without_a_note_is_a_holder(path: Path) -> None:
    """On a full disk the note of who holds it may be missing; the lock is held all the same."""
    lock = SchedulerLock.take(path, ME)
    path.write_text("")
    found = holder_of(path)
    assert found is not None
    assert found.pid == 0
    lock.release()


def test_asking_takes_nothing(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheduler starts in the very moment in which somebody asks who serves the home."""
    SchedulerLock.take(path, ME).release()
    close, taken = os.close, []

    def take_before_closing(descriptor: int) -> None:
        monkeypatch.undo()
        taken.append(SchedulerLock.take(path, ME))
        close(descriptor)

    monkeypatch.setattr(os, "close", take_before_closing)
    assert holder_of(path) is None
    (lock,) = taken
    assert holder_of(path) == ME
    lock.release()


def test_those_who_ask_are_never_in_the_way(path: Path) -> None:
    """However many ask who serves the home, a scheduler that starts is never refused because of them."""
    SchedulerLock.take(path, ME).release()
    asking = [program(ASK, path) for _ in range(3)]
    try:
        for _ in range(1_000):
            lock = SchedulerLock.take(path, ME)
            assert holder_of(path) == ME
            lock.release()
    finally:
        for each in asking:
            each.kill()
            each.communicate()


def test_a_lock_that_was_deleted_or_replaced_is_made_again(path: Path) -> None:
    """Whoever asks then is told who holds it, as before; while nothing happened to it nothing is done."""
    lock = SchedulerLock.take(path, ME)
    assert not lock.keep()
    for replacement in (None, b"", b"not ours"):
        path.unlink()
        if replacement is not None:
            path.write_bytes(replacement)
        assert holder_of(path) is None
        assert (lock.keep(), lock.keep()) == (True, False)
        assert holder_of(path) == ME
    lock.release()
    assert holder_of(path) is None


def test_a_lock_that_was_deleted_and_that_another_has_now_is_lost(path: Path) -> None:
    """Two never hold it: who held the file that is gone is told who holds the one that is there."""
    lock = SchedulerLock.take(path, ME)
    path.unlink()
    other = SchedulerLock.take(path, Holder(7, "other", ME.since))
    with pytest.raises(AlreadyRunning) as lost:
        lock.keep()
    assert lost.value.holder == Holder(7, "other", ME.since)
    other.release()
    assert lock.keep()


def test_what_is_no_file_in_the_place_of_a_lock_is_refused(path: Path) -> None:
    """And the lock is made again once that is gone."""
    lock = SchedulerLock.take(path, ME)
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(OSError, match=re.escape(path.name)):
        lock.keep()
    path.unlink()
    assert lock.keep()

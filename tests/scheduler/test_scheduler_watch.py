from __future__ import annotations

import os
import selectors
from datetime import UTC, datetime
from pathlib import Path

import pytest

from scheduler.home import Home
from scheduler.processes import host_name
from scheduler.scheduler_lock import Holder, SchedulerLock
from scheduler.scheduler_watch import SchedulerWatch


@pytest.mark.parametrize("pid", [1, os.getpid()], ids=["the first", "this one"])
def test_a_scheduler_of_another_host_is_asked_for_by_its_lock(pid: int, tmp_path: Path) -> None:
    """A number of another host or container is no process here: only the lock tells that its scheduler is gone."""
    home = Home(tmp_path)
    holder = Holder(pid, f"not-{host_name()}", datetime.now(UTC))
    lock = SchedulerLock.take(home.scheduler_lock, holder)
    with selectors.DefaultSelector() as selector:
        watch = SchedulerWatch(home, holder, selector)
        assert watch.alive()
        assert watch.look_s <= 1
        lock.release()
        assert not watch.alive()
        watch.close()


def test_a_scheduler_of_this_host_is_watched(tmp_path: Path) -> None:
    """Of a scheduler on this host the kernel tells the end, so there is no need to ask often."""
    home = Home(tmp_path)
    holder = Holder(os.getpid(), host_name(), datetime.now(UTC))
    lock = SchedulerLock.take(home.scheduler_lock, holder)
    with selectors.DefaultSelector() as selector:
        watch = SchedulerWatch(home, holder, selector)
        assert watch.alive()
        assert watch.look_s > 10
        watch.close()
    lock.release()

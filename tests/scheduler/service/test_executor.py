from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from msgspec.structs import replace

from scheduler.home import Home
from scheduler.processes.recognition import identity
from scheduler.processes.recognition.pid_records import PidRecords
from scheduler.service.executor import executor_alive, this_process

HOME = Home(Path("/nonexistent"))


def test_this_process_lives_under_whatever_name_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that is renamed does not make the dead of those who live on it."""
    executor = this_process()
    assert executor_alive(HOME, executor)
    monkeypatch.setattr(identity, "host_name", lambda: "renamed")
    assert executor_alive(HOME, executor)


def test_a_number_alone_is_no_one() -> None:
    """The same number of another moment, or of another boot, is another process; one that ended is dead."""
    executor = this_process()
    assert not executor_alive(HOME, replace(executor, start_ticks=executor.start_ticks - 1))
    assert not executor_alive(HOME, replace(executor, boot_id="another"))
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    ticks = identity.start_ticks(process.pid)
    assert ticks is not None
    other = replace(executor, pid=process.pid, start_ticks=ticks)
    assert executor_alive(HOME, other)
    process.communicate()
    assert not executor_alive(HOME, other)


def test_who_cannot_be_looked_up_is_known_by_a_lock(tmp_path: Path) -> None:
    """The number of another pid namespace means nothing here: the lock on its pid records tells whether it lives."""
    home = Home(tmp_path)
    executor = this_process()
    assert executor.pid_namespace == identity.pid_namespace() is not None
    other = replace(executor, pid_namespace=1)
    assert not executor_alive(home, other)
    records = PidRecords(home.processes)
    (path,) = home.processes.iterdir()
    path.rename(path.with_name(f"{executor.pid}-{executor.start_ticks}-1"))
    assert executor_alive(home, other)
    assert executor_alive(home, replace(other, boot_id="another machine that shares the home"))
    records.close()
    assert not executor_alive(home, other)

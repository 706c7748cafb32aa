from __future__ import annotations

import subprocess
import sys

import pytest
from msgspec.structs import replace

from scheduler.processes import identity
from scheduler.service.executor import executor_alive, this_process


def test_this_process_lives_under_whatever_name_of_the_host(monkeypatch: pytest.MonkeyPatch) -> None:
    """A host that is renamed does not make the dead of those who live on it."""
    executor = this_process()
    assert executor_alive(executor)
    monkeypatch.setattr(identity, "host_name", lambda: "renamed")
    assert executor_alive(executor)


def test_a_number_alone_is_no_one() -> None:
    """The same number of another moment, or of another boot, is another process; one that ended is dead."""
    executor = this_process()
    assert not executor_alive(replace(executor, start_ticks=executor.start_ticks - 1))
    assert not executor_alive(replace(executor, boot_id="another"))
    process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    ticks = identity.start_ticks(process.pid)
    assert ticks is not None
    other = replace(executor, pid=process.pid, start_ticks=ticks)
    assert executor_alive(other)
    process.communicate()
    assert not executor_alive(other)

from __future__ import annotations

import os
import subprocess
import sys
import uuid

import pytest

from scheduler.processes import boot_id, host_name, platform_problem, process_is, start_ticks
from scheduler.processes.recognition.identity import process_stat


def test_process_is() -> None:
    """A process is itself by number and start; neither alone will do, and an ended one is not, reaped or not."""
    process = subprocess.Popen(["sleep", "1000"])
    started = start_ticks(process.pid)
    assert started is not None
    assert process_is(process.pid, started)
    assert not process_is(process.pid, started + 1)
    assert not process_is(os.getpid(), started)
    process.kill()
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    assert start_ticks(process.pid) == started
    assert not process_is(process.pid, started)
    process.wait()
    assert start_ticks(process.pid) is None
    assert not process_is(process.pid, started)


def test_name_with_parentheses() -> None:
    """A process that gives itself a misleading name is read right."""
    program = "open('/proc/self/comm', 'w').write('a) Z 1 (b'); print(); input()"
    process = subprocess.Popen(
        [sys.executable, "-I", "-c", program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    process.stdout.readline()
    stat = process_stat(process.pid)
    assert stat is not None
    assert stat.alive
    assert stat.parent == os.getpid()
    process.communicate("\n")


def test_machine() -> None:
    """The boot has a UUID and the host a name."""
    assert str(uuid.UUID(boot_id())) == boot_id()
    assert host_name()


def test_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    """This platform will do; another one, and a kernel without pidfd_open, are told why they will not."""
    assert platform_problem() is None

    def missing(pid: int, flags: int = 0) -> int:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(os, "pidfd_open", missing)
    assert "Linux has since 5.4; here it fails: [Errno 38]" in str(platform_problem())
    monkeypatch.setattr(sys, "platform", "darwin")
    assert "this is darwin" in str(platform_problem())

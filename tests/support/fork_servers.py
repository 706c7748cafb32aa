"""Fork servers of schedulers that a test started."""

from __future__ import annotations

import contextlib
import os
import signal
from pathlib import Path

from scheduler.processes.recognition import claims
from scheduler.processes.recognition.identity import process_stat


def servers_of(scheduler: int) -> set[int]:
    """The fork servers that are children of a process."""
    return {
        pid for pid in children_of(scheduler) if b"scheduler.python_jobs.forking.fork_server" in _shown(pid)
    }


def spares_of(scheduler: int) -> list[int]:
    """The forked children of a process that wait for requests."""
    return [pid for pid in children_of(scheduler) if b"job that has not begun" in _shown(pid)]


def _shown(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def children_of(process: int) -> list[int]:
    """The children of a process."""
    stats = ((pid, process_stat(pid)) for pid in claims.pids())
    return [pid for pid, stat in stats if stat is not None and stat.parent == process]


def kill(pid: int) -> None:
    """Kill a process, unless it has ended."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)

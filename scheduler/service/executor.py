"""Executors: the processes that watch runs, as `run.started` records them, and whether one is alive."""

from __future__ import annotations

import os

from scheduler.processes import identity
from scheduler.rules.state import Executor


def this_process() -> Executor:
    """This process, as `run.started` records it."""
    pid = os.getpid()
    return Executor(identity.host_name(), identity.boot_id(), pid, identity.start_ticks(pid) or 0)


def executor_alive(executor: Executor) -> bool:
    """Whether the process that watches a run is alive: on this boot, with its pid and start time.

    The boot's UUID says which machine it is. The host's name does not count: it may change while the process runs
    (hostnamectl, DHCP), and then the process would be taken for dead and its runs for lost.
    """
    if executor.boot_id != identity.boot_id():
        return False
    return identity.process_is(executor.pid, executor.start_ticks)

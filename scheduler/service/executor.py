"""Executors: the processes that watch runs, as `run.started` records them, and whether one is alive."""

from __future__ import annotations

import os
from functools import partial

from scheduler.home import Home
from scheduler.processes.recognition import identity
from scheduler.processes.recognition.pid_records import owner_holds_records
from scheduler.processes.spawner import Orphan
from scheduler.rules.runs.orphans import ExecutorAlive
from scheduler.rules.state import Executor, Run


def this_process() -> Executor:
    """This process, as `run.started` records it."""
    pid = os.getpid()
    ticks = identity.start_ticks(pid) or 0
    return Executor(identity.host_name(), identity.boot_id(), pid, ticks, identity.pid_namespace())


def executors_of(home: Home) -> ExecutorAlive:
    """Says of an executor of this home whether it is alive."""
    return partial(executor_alive, home)


def executor_alive(home: Home, executor: Executor) -> bool:
    """Whether the process that watches a run is alive: on this boot, with its pid and start time.

    The boot's UUID says which machine it is. The host's name does not count: it may change while the process runs
    (hostnamectl, DHCP), and then the process would be taken for dead and its runs for lost.

    Where its number means nothing here, in another container that shares the home, the lock on its pid records tells.
    """
    if is_elsewhere(executor):
        return owner_holds_records(home.processes, executor.pid, executor.start_ticks, executor.pid_namespace)
    return identity.process_is(executor.pid, executor.start_ticks)


def is_elsewhere(executor: Executor) -> bool:
    """Whether numbers of processes that the executor knows mean nothing to this process.

    They are of another boot, or of another pid namespace. What an older version recorded is taken for ours.
    """
    ours = identity.pid_namespace()
    return executor.boot_id != identity.boot_id() or executor.pid_namespace not in (None, ours)


def orphan_of(home: Home, run: Run) -> Orphan:
    """What has to be known of a run that began, to look for its processes."""
    assert run.started is not None, "it began"
    stdout, stderr = (
        home.output_text(run.number, run.attempt, run.started, stream) for stream in ("stdout", "stderr")
    )
    elsewhere = run.executor is not None and is_elsewhere(run.executor)
    return Orphan(run.number, run.attempt, run.secret_sha256, elsewhere, (stdout, stderr))

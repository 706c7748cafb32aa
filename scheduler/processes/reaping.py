"""How a process that has ended is reaped: its exit, its processor time, its peak memory."""

from __future__ import annotations

import os
import resource
from typing import NamedTuple

from scheduler.processes import pidfd
from scheduler.processes.leader import Leader
from scheduler.processes.spawner import Exit


class Watched(NamedTuple):
    """A main process that is being watched.

    `own_peak_kib` is the scheduler's own peak of memory when it started the process, see `measured`.
    """

    run: int
    attempt: int
    leader: Leader
    own_peak_kib: int


def own_memory_peak_kib() -> int:
    """The most memory that this process ever had, in KiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def reap(watched: Watched) -> Exit:
    """How a process that has ended came out; a child of this process is taken out of the kernel's list."""
    confined = watched.leader.confined
    return _reaped(watched) if confined is None else confined.ended(_reaped(watched))


def _reaped(watched: Watched) -> Exit:
    leader = watched.leader
    if not leader.child:
        status = None if leader.pidfd is None else pidfd.wait_status(leader.pidfd, leader.pid)
        return ended(watched, status, None, None)
    leader.child = False
    try:
        _, status, usage = os.wait4(leader.pid, os.WNOHANG)
    except OSError:  # someone else in this process reaped it, or the system does not tell
        return ended(watched, None, None, None)
    return ended(watched, status, round((usage.ru_utime + usage.ru_stime) * 1000), measured(watched, usage))


def measured(watched: Watched, usage: resource.struct_rusage) -> int | None:
    """The peak of memory in bytes; None where it is hidden by the scheduler's own.

    Between `vfork` and `exec` a child shares the scheduler's memory, and Linux carries that peak over
    (`setmax_mm_hiwater_rss` in `exec_mmap`): a figure not above it says nothing about the job.
    """
    if usage.ru_maxrss <= watched.own_peak_kib:
        return None
    return usage.ru_maxrss * 1024


def ended(watched: Watched, status: int | None, cpu_ms: int | None, memory_peak_bytes: int | None) -> Exit:
    """The exit that a wait status means; None for a status that nobody knows."""
    exit_code = os.WEXITSTATUS(status) if status is not None and os.WIFEXITED(status) else None
    number = os.WTERMSIG(status) if status is not None and os.WIFSIGNALED(status) else None
    return Exit(watched.run, watched.attempt, exit_code, number, cpu_ms, memory_peak_bytes)

"""Who a process is, beyond its number: the machine, this boot of it, and the moment the process began.

A process number alone identifies nothing: numbers are reused. (host, boot id, pid, start ticks) is unique.
"""

from __future__ import annotations

import functools
import os
import sys
import time
from typing import Final, NamedTuple

from scheduler.processes.descriptors import is_exhaustion

TICKS_PER_S: Final = os.sysconf("SC_CLK_TCK")
_DEAD = frozenset(b"ZXx")


def boottime_s() -> float:
    """Seconds since the boot, suspends included: the clock of `start_ticks`. Nobody can set it."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class ProcessStat(NamedTuple):
    """What `/proc/PID/stat` says (proc_pid_stat(5)).

    Attributes:
        alive: whether a thread of it still runs; False for a zombie.
        parent: pid of the parent.
        group: its process group.
        session: its session.
        start_ticks: when it began, in clock ticks since the boot (field 22).
        environment_end: where its environment ends in memory (field 51); 0 in the middle of `exec`, for a
            zombie, a thread of the kernel, and for those who may not know.
        wait_status: how it ended, as wait(2) has it (field 52): means something for a zombie only.
        suspended: whether a signal (SIGSTOP) or a debugger has stopped it, so that it does nothing.
    """

    alive: bool
    parent: int
    group: int
    session: int
    start_ticks: int
    environment_end: int
    wait_status: int
    suspended: bool


def process_stat(pid: int) -> ProcessStat | None:
    """Read `/proc/PID/stat`; None if there is no such process.

    Raises:
        OSError: there is no descriptor left to look with, which says nothing about the process.
    """
    try:
        descriptor = os.open(f"/proc/{pid}/stat", os.O_RDONLY | os.O_CLOEXEC)
    except OSError as error:
        if is_exhaustion(error):
            raise
        return None
    try:
        line = os.read(descriptor, 4096)
    except OSError:  # it was reaped between the two calls
        return None
    finally:
        os.close(descriptor)
    # The program's name stands in parentheses and may itself hold blanks and parentheses: count from the
    # last one.
    fields = line[line.rindex(b")") + 2 :].split()
    threads = int(fields[17])
    # The first thread of a process may end before the others: it shows as a zombie while they go on.
    alive = fields[0][0] not in _DEAD or threads > 1
    parent, group, session, began = int(fields[1]), int(fields[2]), int(fields[3]), int(fields[19])
    suspended = fields[0][:1] in (b"T", b"t")
    return ProcessStat(alive, parent, group, session, began, int(fields[48]), int(fields[49]), suspended)


def start_ticks(pid: int) -> int | None:
    """When a process began, in clock ticks since the boot; None if there is none of that number.

    A zombie still counts: its number is not free yet.

    Raises:
        OSError: as `process_stat`.
    """
    stat = process_stat(pid)
    return None if stat is None else stat.start_ticks


def leads_session(pid: int) -> bool:
    """Whether a process lives and leads a session of its own.

    Raises:
        OSError: as `process_stat`.
    """
    stat = process_stat(pid)
    return stat is not None and stat.alive and stat.session == pid


def process_is(pid: int, start_ticks: int) -> bool:
    """Whether the process that had this number and began at `start_ticks` (of this boot) is still running.

    With no descriptor left to look with it is believed to be, if its number is in use: a process taken for dead
    wrongly loses runs.
    """
    try:
        stat = process_stat(pid)
    except OSError:
        return _has_number(pid)
    return stat is not None and stat.alive and stat.start_ticks == start_ticks


def _has_number(pid: int) -> bool:
    """Whether any process has the number: all that can be said without a descriptor."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@functools.cache
def boot_id() -> str:
    """A UUID that the kernel draws at each boot: `start_ticks` of different boots do not compare."""
    with open("/proc/sys/kernel/random/boot_id", encoding="ascii") as source:
        return source.read().strip()


@functools.cache
def pid_namespace() -> int | None:
    """The inode of our pid namespace, within which numbers of processes mean something; None where it is hidden."""
    try:
        return os.stat("/proc/self/ns/pid").st_ino
    except OSError:
        return None


def host_name() -> str:
    """The machine's name, as entries of the ledger give it."""
    return os.uname().nodename


def platform_problem() -> str | None:
    """Why runs cannot be started and watched here, as a sentence for people; None if they can.

    Needed are Linux 5.4 (`pidfd_open` and `waitid` on it), `/proc`, and a C library whose `posix_spawn`
    makes sessions.

    Raises:
        OSError: that cannot be tried, for want of descriptors or memory.
    """
    if sys.platform != "linux":
        return f"the scheduler runs jobs on Linux (5.4 or later) only; this is {sys.platform}"
    try:
        os.close(os.pidfd_open(os.getpid()))
    except (AttributeError, OSError) as error:
        if isinstance(error, OSError) and is_exhaustion(error):
            raise
        return f"the scheduler needs pidfd_open, which Linux has since 5.4; here it fails: {error}"
    if process_stat(os.getpid()) is None:
        return "the scheduler needs /proc, to recognise the processes of its runs; it is not mounted here"
    return None

"""Processes held by descriptor: a pidfd always means the same process, however often its number is reused."""

from __future__ import annotations

import errno
import fcntl
import os
import select
import selectors
import signal
import struct
from typing import Final

from scheduler.processes.recognition.identity import process_stat

_SIGNAL_PROCESS_GROUP: Final = 1 << 2  # PIDFD_SIGNAL_PROCESS_GROUP, <linux/pidfd.h>, since Linux 6.9
_GET_INFO: Final = 0xC040FF0B  # PIDFD_GET_INFO with the first 64 bytes of struct pidfd_info, since Linux 6.13
_INFO_EXIT: Final = 1 << 3  # PIDFD_INFO_EXIT, since Linux 6.15
_INFO: Final = struct.Struct("=QQ11Ii")  # mask, cgroupid, pid … fsgid, exit_code


class ExitWatch:
    """Waits for the end of many processes behind one descriptor.

    The pidfds are in an epoll of their own, and that epoll is one descriptor in the owner's selector, which
    becomes readable when any process has ended. So the owner's selector never grows with the runs, and a
    launch costs one system call here.
    """

    def __init__(self, selector: selectors.BaseSelector | None, data: object) -> None:
        self._epoll = select.epoll()
        self._selector = selector
        if selector is not None:
            selector.register(self._epoll.fileno(), selectors.EVENT_READ, data)

    def add(self, pidfd: int) -> None:
        """Watch a process; closing the pidfd ends that.

        Raises:
            OSError: the kernel's limit of watches is reached.
        """
        self._epoll.register(pidfd, select.EPOLLIN | select.EPOLLONESHOT)

    def ended(self) -> list[int]:
        """Those pidfds whose processes have ended, each once; never waits."""
        return [pidfd for pidfd, _ in self._epoll.poll(0)]

    def wait(self, timeout_s: float) -> bool:
        """Wait until some process has ended, at most `timeout_s`; for owners without a selector."""
        poll = select.poll()  # asking the epoll itself would take the news away from `ended`
        poll.register(self._epoll.fileno(), select.POLLIN)
        return bool(poll.poll(timeout_s * 1000))

    def close(self) -> None:
        """Leave the owner's selector, which may have been closed before, and free the descriptor."""
        if self._selector is not None and self._selector.get_map():
            self._selector.unregister(self._epoll.fileno())
        self._epoll.close()


def has_ended(pidfd: int) -> bool:
    """Whether all threads of the process have ended, reaped or not."""
    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    return bool(poll.poll(0))


def send(pidfd: int, number: signal.Signals) -> bool:
    """Send a signal; False if the process is gone or may not be signalled by us."""
    try:
        signal.pidfd_send_signal(pidfd, number)
    except (ProcessLookupError, PermissionError):
        return False
    return True


def wait_status(pidfd: int, pid: int) -> int | None:
    """How a process that is not our child ended, as wait(2) has it; None where the kernel does not say.

    Until its parent has reaped it, `/proc` tells; from then on the pidfd does (Linux 6.15 and later). The
    parent may do that at any moment, hence the second look.
    """
    status = _status_after_reaping(pidfd)
    if status is not None:
        return status
    try:
        stat = process_stat(pid)
    except OSError:  # no descriptor left to look with
        stat = None
    if stat is not None and not stat.alive and not _is_reaped(pidfd):
        return stat.wait_status
    return _status_after_reaping(pidfd)


def _status_after_reaping(pidfd: int) -> int | None:
    info = bytearray(_INFO.size)
    struct.pack_into("=Q", info, 0, _INFO_EXIT)
    try:
        fcntl.ioctl(pidfd, _GET_INFO, info)
    except OSError:
        return None
    mask, *_, status = _INFO.unpack(info)
    return int(status) if mask & _INFO_EXIT else None


def _is_reaped(pidfd: int) -> bool:
    """Whether the number is free again, so that `/proc` may speak of someone else."""
    try:
        signal.pidfd_send_signal(pidfd, 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


class Leader:
    """The main process of an attempt: it leads the session and the process group that carry its number.

    Attributes:
        pid: its number, which is also the session's and the group's.
        pidfd: the process itself; stays valid after it was reaped.
        child: whether it is ours to reap, and has not been yet.
        start_ticks: when it began, in clock ticks since the boot; None where that was not looked at.
    """

    __slots__ = ("child", "pid", "pidfd", "start_ticks")

    def __init__(self, pid: int, pidfd: int, *, child: bool, start_ticks: int | None = None) -> None:
        self.pid, self.pidfd, self.child, self.start_ticks = pid, pidfd, child, start_ticks

    def holds_number(self) -> bool:
        """Whether sessions and groups of this number are certainly the ones that this process made.

        The kernel gives a number to no one else while the process is not reaped or its group has members.
        """
        if self.child or not has_ended(self.pidfd):
            return True
        try:
            signal.pidfd_send_signal(self.pidfd, 0, None, _SIGNAL_PROCESS_GROUP)
        except PermissionError:
            return True
        except OSError:  # ESRCH: the group is empty; EINVAL: before Linux 6.9 there is no way to be certain
            return False
        return True

    def signal_group(self, number: signal.Signals) -> bool:
        """Send a signal to the whole group at once, so that no fork escapes; False if that did not happen."""
        try:
            signal.pidfd_send_signal(self.pidfd, number, None, _SIGNAL_PROCESS_GROUP)
        except OSError as error:
            if error.errno != errno.EINVAL or not self.holds_number():
                return False
        else:
            return True
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

"""The main process of an attempt, which leads the session and the process group that carry its number."""

from __future__ import annotations

import errno
import os
import signal
from typing import TYPE_CHECKING, Final

from eventstore.durable import close_quietly
from scheduler.processes import pidfd

if TYPE_CHECKING:
    from scheduler.processes.confinement.confined_command import Confined

_SIGNAL_PROCESS_GROUP: Final = 1 << 2  # PIDFD_SIGNAL_PROCESS_GROUP, <linux/pidfd.h>, since Linux 6.9


class Leader:
    """The main process of an attempt: it leads the session and the process group that carry its number.

    Attributes:
        pid: its number, which is also the session's and the group's.
        pidfd: the process itself; stays valid after it was reaped. None where the system gave none: that can only
            be a child, whose number is its own until it is reaped.
        child: whether it is ours to reap, and has not been yet.
        start_ticks: when its attempt began, in clock ticks since the boot; None where that was not looked at.
        confined: what tells how limits ended it, where it has some.
    """

    __slots__ = ("child", "confined", "pid", "pidfd", "start_ticks")

    def __init__(self, pid: int, pidfd: int | None, *, child: bool, start_ticks: int | None = None) -> None:
        self.pid, self.pidfd, self.child, self.start_ticks = pid, pidfd, child, start_ticks
        self.confined: Confined | None = None

    def hold(self) -> None:
        """Get the pidfd now, where there was none before and the system has one."""
        if self.pidfd is None and self.child:
            try:
                self.pidfd = os.pidfd_open(self.pid)
            except OSError:
                return

    def close(self) -> None:
        """Give the pidfd back."""
        if self.confined is not None:
            self.confined.close()
        if self.pidfd is not None:
            close_quietly(self.pidfd)

    def has_ended(self) -> bool:
        """Whether all threads of the process have ended, reaped or not."""
        if self.pidfd is not None:
            return pidfd.has_ended(self.pidfd)
        if not self.child:
            return True
        try:
            return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:  # someone else in this process reaped it
            return True

    def holds_number(self) -> bool:
        """Whether sessions and groups of this number are certainly the ones that this process made.

        The kernel gives a number to no one else while the process is not reaped or its group has members.
        """
        if self.child or not self.has_ended():
            return True
        if self.pidfd is None:
            return False
        try:
            signal.pidfd_send_signal(self.pidfd, 0, None, _SIGNAL_PROCESS_GROUP)
        except PermissionError:
            return True
        except OSError:  # ESRCH: the group is empty; EINVAL: before Linux 6.9 there is no way to be certain
            return False
        return True

    def signal_group(self, number: signal.Signals) -> bool:
        """Send a signal to the whole group at once, so that no fork escapes; False if that did not happen."""
        if self.pidfd is not None:
            try:
                signal.pidfd_send_signal(self.pidfd, number, None, _SIGNAL_PROCESS_GROUP)
            except OSError as error:
                if error.errno != errno.EINVAL:
                    return False
            else:
                return True
        if not self.holds_number():
            return False
        try:
            os.killpg(self.pid, number)
        except (ProcessLookupError, PermissionError):
            return False
        return True

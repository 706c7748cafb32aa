"""Processes held by descriptor: a pidfd always means the same process, however often its number is reused."""

from __future__ import annotations

import fcntl
import select
import signal
import struct
from typing import Final

from scheduler.processes.recognition.identity import process_stat

_GET_INFO: Final = 0xC040FF0B  # PIDFD_GET_INFO with the first 64 bytes of struct pidfd_info, since Linux 6.13
_INFO_EXIT: Final = 1 << 3  # PIDFD_INFO_EXIT, since Linux 6.15
_INFO: Final = struct.Struct("=QQ11Ii")  # mask, cgroupid, pid … fsgid, exit_code


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

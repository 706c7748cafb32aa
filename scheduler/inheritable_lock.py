"""Locks on whole files that the kernel gives back when the last process that holds them ends, however it ends.

They are locks of an open file description (`F_OFD_SETLK`, fcntl(2), Linux 3.15): whether one is held can be asked
without taking it, so that those who ask are never in the way; and a process hands its lock on to its children with
the descriptor.
"""

from __future__ import annotations

import fcntl
import os
import struct
from typing import Final

_FLOCK: Final = struct.Struct("hhqqi")
"""`struct flock`: type, whence, start, length (0: to the end), pid (0 for these locks)."""
_WHOLE_FILE: Final = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)


def take(descriptor: int) -> bool:
    """Lock a file that is open for writing; False if somebody holds it.

    Raises:
        OSError: its file system has no locks.
    """
    try:
        fcntl.fcntl(descriptor, fcntl.F_OFD_SETLK, _WHOLE_FILE)
    except (BlockingIOError, PermissionError):  # EAGAIN or EACCES, as the system likes
        return False
    return True


def is_held(path: str | os.PathLike[str], folder: int | None = None) -> bool:
    """Whether somebody holds the lock on a file; False if there is no such file. Takes nothing.

    Args:
        path: the file; folder: a descriptor of the folder at which a relative path begins.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=folder)
    except OSError:
        return False
    try:
        return bool(
            _FLOCK.unpack(fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, _WHOLE_FILE))[0] != fcntl.F_UNLCK
        )
    except OSError:  # a pipe, or a file system without locks
        return False
    finally:
        os.close(descriptor)

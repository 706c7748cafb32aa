"""The scheduler's lock: one scheduler serves a home at a time.

It is a lock on a file that is never unlinked; the kernel gives it back when the holder dies, however it dies.
The lock is one of an open file description (`F_OFD_SETLK`, fcntl(2), Linux 3.15): whether it is held can be
asked without taking it, so that those who ask are never in the way of one who starts.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import struct
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from eventstore.nesting import decode
from eventstore.regular_file import open_regular, read_regular

_FLOCK: Final = struct.Struct("hhqqi")
"""`struct flock`: type, whence, start, length (0: to the end), pid (0 for these locks)."""
_WHOLE_FILE: Final = _FLOCK.pack(fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
_BYTES_MAX: Final = 4_096


class Holder(msgspec.Struct, frozen=True):
    """Who holds the lock, as they said themselves when they took it."""

    pid: int
    host: str
    since: datetime


class AlreadyRunning(Exception):
    """Another scheduler serves this home."""

    def __init__(self, holder: Holder | None) -> None:
        self.holder = holder
        super().__init__("another scheduler serves this home")


class SchedulerLock:
    """A lock that is held until `release` or the end of the process."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @classmethod
    def take(cls, path: Path, holder: Holder) -> SchedulerLock:
        """Take the lock.

        Raises:
            AlreadyRunning: someone holds it.
            OSError: the file cannot be made or locked.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = open_regular(path, os.O_RDWR | os.O_CREAT)
        try:
            fcntl.fcntl(fd, fcntl.F_OFD_SETLK, _WHOLE_FILE)
        except (BlockingIOError, PermissionError):  # EAGAIN or EACCES, as the system likes
            os.close(fd)
            raise AlreadyRunning(_read(path)) from None
        except OSError:
            os.close(fd)
            raise
        os.ftruncate(fd, 0)
        # On a full disk the lock counts, not the note in it.
        with contextlib.suppress(OSError):
            os.pwrite(fd, msgspec.json.encode(holder), 0)
        return cls(fd)

    def release(self) -> None:
        """Give it back."""
        os.close(self._fd)


def holder_of(path: Path) -> Holder | None:
    """Who serves this home now; None if nobody does. Takes nothing."""
    try:
        fd = open_regular(path)
    except OSError:
        return None
    try:
        answer = fcntl.fcntl(fd, fcntl.F_OFD_GETLK, _WHOLE_FILE)
    finally:
        os.close(fd)
    if _FLOCK.unpack(answer)[0] == fcntl.F_UNLCK:
        return None
    return _read(path) or Holder(0, "", datetime.fromtimestamp(0, UTC))


def _read(path: Path) -> Holder | None:
    try:
        return decode(read_regular(path, _BYTES_MAX), Holder)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None

"""The lease: one scheduler serves a home at a time.

It is a lock on a file that is never unlinked; the kernel gives it back when the holder dies, however it dies.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from datetime import UTC, datetime
from pathlib import Path

import msgspec


class Holder(msgspec.Struct, frozen=True):
    """Who holds the lease, as they said themselves when they took it."""

    pid: int
    host: str
    since: datetime


class AlreadyServed(Exception):
    """Another scheduler serves this home."""

    def __init__(self, holder: Holder | None) -> None:
        self.holder = holder
        super().__init__("another scheduler serves this home")


class Lease:
    """A lease that is held until `release` or the end of the process."""

    def __init__(self, fd: int) -> None:
        self._fd = fd

    @classmethod
    def take(cls, path: Path, holder: Holder) -> Lease:
        """Take the lease.

        Raises:
            AlreadyServed: someone holds it.
            OSError: the file cannot be made or locked.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        if not _locked(fd):
            os.close(fd)
            raise AlreadyServed(_read(path))
        os.ftruncate(fd, 0)
        # On a full disk the lock counts, not the note in it.
        with contextlib.suppress(OSError):
            os.pwrite(fd, msgspec.json.encode(holder), 0)
        return cls(fd)

    def release(self) -> None:
        """Give it back."""
        os.close(self._fd)


def _locked(fd: int) -> bool:
    """Lock it, whoever looks (`holder_of`) being gone in an instant; False if it is held."""
    for pause_s in (0.0, 0.001, 0.01, 0.1):
        time.sleep(pause_s)
        with contextlib.suppress(BlockingIOError):
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return True
    return False


def holder_of(path: Path) -> Holder | None:
    """Who serves this home now; None if nobody does. Takes nothing: a shared lock for an instant at most."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _read(path) or Holder(0, "", datetime.fromtimestamp(0, UTC))
    finally:
        os.close(fd)
    return None


def _read(path: Path) -> Holder | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Holder)
    except (OSError, msgspec.MsgspecError):
        return None

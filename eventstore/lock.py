"""Locks between processes: one holder at a time, or any number that share.

A lock is `flock` on a file that is never removed: the kernel lets go of it when its holder dies, so no lock outlives
a crash. The ledger's is the writer lock. Its readers share it for the moment in which they read what is new: while
they hold it nobody is in the middle of a write, so a line that is not whole is what a crash left, not one that is
being written.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import select
import time
from pathlib import Path
from types import TracebackType

from eventstore.durable import REAL, Disk, close_quietly
from eventstore.errors import LockHeld
from eventstore.lock_holder import lock_holder
from eventstore.regular_file import NotRegular

LOCK_NAME = "lock"
"""Of a ledger's writer lock."""
LOCK_PATIENCE_S = 30.0
"""Others hold the ledger's lock for milliseconds. One that holds it for so long was stopped, or its disk hangs."""
_LOOK_FIRST_S, _LOOK_MAX_S = 0.000_1, 0.005
_waited_for: set[Path] = set()


def is_waited_for(path: Path) -> bool:
    """Whether this process waits for the lock in this file, with some patience: for a thread that says so."""
    return path in _waited_for


class FileLock:
    """A lock file, opened by one process. Usable as a context manager: exclusive.

    Args:
        path: the file; it is created unless the lock is only to be shared.
        disk: the system calls.
        writable: the lock may be taken exclusively. Otherwise it may also be missing, as in a copy.

    Attributes:
        patience_s: how long to wait for it at most; None: as long as it takes.
    """

    def __init__(self, path: Path, disk: Disk = REAL, *, writable: bool = True) -> None:
        self._disk, self._path = disk, path
        self.patience_s: float | None = None
        self._fd: int | None = None
        try:
            self._fd = disk.open(self._path, os.O_RDWR | os.O_CREAT if writable else os.O_RDONLY)
        except OSError as problem:
            if writable or isinstance(problem, NotRegular):
                raise

    def share(self) -> bool:
        """Wait until nobody writes, and keep writers out.

        Returns:
            False if there is no lock to take (a copy without its lock file).
        """
        if self._fd is None:
            return False
        self._take(self._fd, fcntl.LOCK_SH)
        return True

    def try_take(self) -> bool:
        """Take the lock exclusively; False at once if another process holds it.

        Raises:
            OSError: it cannot be taken.
        """
        assert self._fd is not None, "a lock that may be taken exclusively has a file"
        try:
            self._disk.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def is_in_place(self) -> bool:
        """Whether the file still has its name: another file there, or none, is a lock that excludes nobody."""
        try:
            found = os.stat(self._path)
        except OSError:
            return False
        return self._fd is not None and os.path.samestat(found, os.fstat(self._fd))

    def _take(self, fd: int, operation: int) -> None:
        try:
            if self.patience_s is None:
                self._disk.flock(fd, operation)
            else:
                self._take_within(self.patience_s, fd, operation)
        except BaseException:  # an interrupt may arrive when the lock is taken already
            self.release()
            raise

    def _take_within(self, patience_s: float, fd: int, operation: int) -> None:
        """The kernel knows no limit for this wait, so look again and again.

        Raises:
            LockHeld: another process still holds it.
        """
        give_up_s, wait_s = time.monotonic() + patience_s, _LOOK_FIRST_S
        try:
            while not self._is_taken(fd, operation):
                if time.monotonic() >= give_up_s:
                    holder = lock_holder(self._path)
                    raise LockHeld(self._path.parent, holder.pid if holder else None, patience_s)
                _waited_for.add(self._path)
                select.select((), (), (), wait_s)  # `sleep` counts on a clock that others may shift
                wait_s = min(2 * wait_s, _LOOK_MAX_S)
        finally:
            _waited_for.discard(self._path)

    def _is_taken(self, fd: int, operation: int) -> bool:
        try:
            self._disk.flock(fd, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Let others in. It cannot fail in a way that anyone could act on: what was done under it is done."""
        if self._fd is not None:
            with contextlib.suppress(OSError):
                self._disk.flock(self._fd, fcntl.LOCK_UN)

    def __enter__(self) -> None:
        assert self._fd is not None, "a lock that may be taken exclusively has a file"
        self._take(self._fd, fcntl.LOCK_EX)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def close(self) -> None:
        """Close the file, and with it let go of the lock."""
        if self._fd is not None:
            close_quietly(self._fd)
            self._fd = None

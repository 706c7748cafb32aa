"""Locks between processes: one holder at a time, or any number that share.

A lock is `flock` on a file that is never removed: the kernel releases it when its holder dies, so no lock outlives
a crash. The lock of a ledger is called the writer lock. Readers share it while they read what is new. While they hold
it no process is writing, so a line that is not whole was left by a crash.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from eventstore.durable import REAL, Disk, close_quietly
from eventstore.errors import LockHeld
from eventstore.regular_file import NotRegular

LOCK_NAME = "lock"
"""Of a ledger's writer lock."""
LOCK_PATIENCE_S = 30.0
"""Others hold the ledger's lock for milliseconds. One that holds it for so long was stopped, or its disk hangs."""
TOLD_AFTER_S = 1.0
"""Who has waited for so long, with some patience, says so."""
_LOOK_FIRST_S, _LOOK_MAX_S = 0.000_1, 0.005
_to_tell: dict[Path, Callable[[], None]] = {}


@contextlib.contextmanager
def wait_told(path: Path, tell: Callable[[], None]) -> Iterator[None]:
    """While the context lasts, have `tell` called, once, when this process has long waited for the lock in a file."""
    outer = _to_tell.get(path)
    _to_tell[path] = tell
    try:
        yield
    finally:
        _to_tell.pop(path, None)
        if outer is not None:
            _to_tell[path] = outer


class FileLock:
    """A lock file, opened by one process; as a context manager, it takes the lock exclusively.

    Args:
        path: the file; it is created if `writable`.
        disk: the system calls.
        writable: whether the lock may be taken exclusively; if not, the file may be missing, as in a copy.

    Attributes:
        patience_s: how long to wait for the lock at most; None: as long as it takes.
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
        """Wait until no process writes, then share the lock, which keeps writers out.

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
        """Whether the file still has its name; if not, processes that open the name take another lock.

        Raises:
            OSError: the system does not tell.
        """
        try:
            found = os.stat(self._path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return self._fd is not None and os.path.samestat(found, os.fstat(self._fd))

    def _take(self, fd: int, operation: int) -> None:
        try:
            if self.patience_s is None:
                self._disk.flock(fd, operation)
            elif not self._is_taken(fd, operation):
                self._take_within(self.patience_s, fd, operation)
        except BaseException:
            # An interrupt may arrive when the lock is taken already.
            self.release()
            raise

    def _take_within(self, patience_s: float, fd: int, operation: int) -> None:
        """Take the lock within a time limit: `flock` has none, so try again and again.

        Raises:
            LockHeld: another process still holds it.
        """
        # Nearly every lock is free, and nobody waits for what tells who holds one.
        import select

        from eventstore.lock_holder import lock_holder

        begun_s, wait_s = time.monotonic(), _LOOK_FIRST_S
        while not self._is_taken(fd, operation):
            waited_s = time.monotonic() - begun_s
            if waited_s >= patience_s:
                holder = lock_holder(self._path)
                raise LockHeld(self._path.parent, holder.pid if holder else None, patience_s)
            if waited_s >= TOLD_AFTER_S and (tell := _to_tell.pop(self._path, None)) is not None:
                tell()
            select.select((), (), (), wait_s)  # `sleep` counts on a clock that others may shift
            wait_s = min(2 * wait_s, _LOOK_MAX_S)

    def _is_taken(self, fd: int, operation: int) -> bool:
        try:
            self._disk.flock(fd, operation | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def release(self) -> None:
        """Release the lock; a failure is ignored, because no caller could act on it."""
        if self._fd is not None:
            try:  # noqa: SIM105 - `suppress` takes longer than the call
                self._disk.flock(self._fd, fcntl.LOCK_UN)
            except OSError:
                pass

    def __enter__(self) -> None:
        assert self._fd is not None, "a lock that may be taken exclusively has a file"
        self._take(self._fd, fcntl.LOCK_EX)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    def close(self) -> None:
        """Close the file, which releases the lock."""
        if self._fd is not None:
            close_quietly(self._fd)
            self._fd = None


@contextlib.contextmanager
def locked(path: Path, disk: Disk = REAL) -> Iterator[None]:
    """Hold the lock in a file while the context lasts; what holds it for long is waited for with some patience.

    Raises:
        LockHeld: another process holds it, and goes on doing so.
        OSError: the file cannot be made.
    """
    lock = FileLock(path, disk)
    lock.patience_s = LOCK_PATIENCE_S
    try:
        with lock:
            yield
    finally:
        lock.close()

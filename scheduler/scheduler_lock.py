"""The scheduler's lock: one scheduler serves a home at a time.

It is a lock on a file that nothing of ours unlinks; the kernel gives it back when the holder dies, however it dies.
Where a person deletes the file, whoever holds the lock makes it again within a second, before another one begins.
It is an inheritable lock and not a `FileLock` of the event store: whether it is held can be asked without taking it,
so that a process that asks is never in the way of one that starts.
"""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from eventstore.durable import close_quietly
from eventstore.nesting import decode
from eventstore.regular_file import open_regular, read_regular
from scheduler import inheritable_lock

if TYPE_CHECKING:
    from scheduler.rules.state import Executor

_BYTES_MAX: Final = 4_096
STARTED_BY: Final = "CRONLEDGER_STARTED_BY"
"""The variable by which a scheduler tells the programs beside it its number."""
_TURNS_PER_LOOK: Final = 5
"""After so many turns of a process beside the scheduler it is checked whether one serves the home."""


class Holder(msgspec.Struct, frozen=True):
    """The process that holds the lock, as it described itself when it took it; its pid counts in its namespace."""

    pid: int
    host: str
    since: datetime
    pid_namespace: int | None = None

    @classmethod
    def of(cls, process: Executor, since: datetime) -> Holder:
        """A process that takes the lock at `since`."""
        return cls(process.pid, process.host, since, process.pid_namespace)


class AlreadyRunning(Exception):
    """Another scheduler serves this home."""

    def __init__(self, holder: Holder | None) -> None:
        self.holder = holder
        super().__init__("another scheduler serves this home")


class SchedulerLock:
    """A lock that is held until `release` or the end of the process."""

    def __init__(self, fd: int, path: Path, holder: Holder) -> None:
        self._fd, self._path, self._holder = fd, path, holder

    @classmethod
    def take(cls, path: Path, holder: Holder) -> SchedulerLock:
        """Take the lock.

        Raises:
            AlreadyRunning: another process holds it.
            OSError: the file cannot be made or locked.
        """
        return cls(_locked(path, holder), path, holder)

    def keep(self) -> bool:
        """If somebody has deleted or replaced the file, make it again and lock that one; whether it was so.

        Raises:
            AlreadyRunning: another process holds the lock of the file that is there now.
            OSError: the file cannot be made or locked now.
        """
        if self._is_in_place():
            return False
        descriptor = _locked(self._path, self._holder)
        self.release()
        self._fd = descriptor
        return True

    def _is_in_place(self) -> bool:
        try:
            there = os.lstat(self._path)
        except FileNotFoundError:
            return False
        return os.path.samestat(there, os.fstat(self._fd))

    def release(self) -> None:
        """Give it back."""
        close_quietly(self._fd)


def _locked(path: Path, holder: Holder) -> int:
    """A descriptor of the file, which is made where it is not there, and locked."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
    try:
        taken = inheritable_lock.take(descriptor)
    except OSError:
        os.close(descriptor)
        raise
    if not taken:
        os.close(descriptor)
        raise AlreadyRunning(_read(path))
    os.ftruncate(descriptor, 0)
    # On a full disk the lock counts, not the note in it.
    with contextlib.suppress(OSError):
        os.pwrite(descriptor, msgspec.json.encode(holder), 0)
    return descriptor


class LastTurn:
    """When a process beside the scheduler ends: no scheduler serves the home any more, or who started it is gone.

    Args:
        path: of the scheduler's lock.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._parent, self._turns = path, started_by(), 0

    def has_come(self, *, stopping: bool) -> bool:
        """Whether this turn is the last one; it is called once a turn.

        Args:
            stopping: it is to look at once whether a scheduler serves the home.
        """
        self._turns += 1
        if os.getppid() != self._parent:
            return True
        return (stopping or self._turns % _TURNS_PER_LOOK == 0) and holder_of(self._path) is None


def started_by() -> int:
    """The number of the scheduler that started this process beside it.

    It says it itself: while this process begins, it may end already, and the parent is another one then.
    """
    said = os.environ.get(STARTED_BY, "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else os.getppid()


def holder_of(path: Path) -> Holder | None:
    """The scheduler that serves this home now; None if none does. The lock is not taken."""
    if not inheritable_lock.is_held(path):
        return None
    return _read(path) or Holder(0, "", datetime.fromtimestamp(0, UTC))


def is_suspended(holder: Holder) -> bool:
    """Whether a signal has stopped the process that holds the lock, so that it does nothing.

    False where that cannot be seen, as of a process on another host or in another container.
    """
    from scheduler.processes.recognition.identity import host_name, pid_namespace, process_stat

    if holder.host != host_name() or holder.pid_namespace not in (None, pid_namespace()):
        return False
    with contextlib.suppress(OSError):
        stat = process_stat(holder.pid) if holder.pid > 0 else None
        return stat is not None and stat.suspended
    return False


def _read(path: Path) -> Holder | None:
    try:
        return decode(read_regular(path, _BYTES_MAX), Holder)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None

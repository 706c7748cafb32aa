"""The scheduler's lock: one scheduler serves a home at a time.

It is a lock on a file that is never unlinked; the kernel gives it back when the holder dies, however it dies.
It is an inheritable lock and not a `FileLock` of the event store: whether it is held can be asked without taking it,
so that a process that asks is never in the way of one that starts.
"""

from __future__ import annotations

import contextlib
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import msgspec

from eventstore.durable import close_quietly
from eventstore.nesting import decode
from eventstore.regular_file import open_regular, read_regular
from scheduler import inheritable_lock

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
            AlreadyRunning: another process holds it.
            OSError: the file cannot be made or locked.
        """
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        fd = open_regular(path, os.O_RDWR | os.O_CREAT)
        try:
            taken = inheritable_lock.take(fd)
        except OSError:
            os.close(fd)
            raise
        if not taken:
            os.close(fd)
            raise AlreadyRunning(_read(path))
        os.ftruncate(fd, 0)
        # On a full disk the lock counts, not the note in it.
        with contextlib.suppress(OSError):
            os.pwrite(fd, msgspec.json.encode(holder), 0)
        return cls(fd)

    def release(self) -> None:
        """Give it back."""
        close_quietly(self._fd)


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


def _read(path: Path) -> Holder | None:
    try:
        return decode(read_regular(path, _BYTES_MAX), Holder)
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
        return None

"""The fork server, as a program: it has imported what the process of a Python job needs, and keeps some ready.

    python -I -m scheduler.python_jobs.forking.fork_server SCHEDULER-PID TITLE-ROOM   (standard input: its socket)

It imports no code of users, starts no thread and runs no job: each process that it forks imports the code of its
job itself, as one that was started by command does. So nothing of one run reaches another, and a change of that code
needs no restart. It ends with the scheduler, however that ends.

A process is forked twice, so that it becomes a child of the scheduler, which is a subreaper. Some are forked before
they are asked for, and wait for a request at the same socket; each takes one.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import os
import select
import signal
import socket
import sys
import time
from typing import Final, NoReturn

import msgspec

from scheduler.python_jobs.forking.fork_messages import (
    PROTOCOL,
    ROOM,
    ForkReply,
    ForkRequest,
    receive,
    say,
)
from scheduler.python_jobs.forking.process_image import ProcessImage

IMPORTED: Final = (
    "scheduler.python_jobs.forking.forked",
    "scheduler.logs.collection.secret_masking",
    "scheduler.ownership.home_owner",
    "asyncio",
    "inspect",
    "json",
    "logging",
    "pwd",
    "traceback",
)
"""What almost every job needs. Whatever is imported here must neither start threads nor read the environment."""
SPARES: Final = 4
"""So many processes wait for requests while there are none."""
BATCH_MAX: Final = 16
"""So many are forked at once while requests wait."""
REST_S: Final = 0.02
"""Spares are replaced when nothing has been asked for so long: what was asked for comes first."""
STALE_LOOK_S: Final = 5.0
"""How often it is looked whether what was imported has been replaced on disk."""
_FAILED: Final = 100
"""An exit code above all numbers of processes."""
_PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    """Serve until the scheduler ends or does not want it any more."""
    with contextlib.suppress(OSError, ValueError, KeyboardInterrupt):
        _end_with(int(sys.argv[1]))
        connection = _connection()
        for name in IMPORTED:
            importlib.import_module(name)
        sys.modules["scheduler.python_jobs.forking.forked"].prepare()
        serve(connection, ProcessImage(ROOM))


def _end_with(scheduler: int) -> None:
    """End when the scheduler ends, even where it is killed while this process does not listen."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != scheduler:
        raise OSError("the scheduler has ended already")


def _connection() -> socket.socket:
    """The socket that is standard input, which is empty from now on; nothing else is open that was inherited."""
    os.closerange(3, 1 << 30)
    connection = socket.socket(fileno=os.dup(0))
    nothing = os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC)
    os.dup2(nothing, 0)
    os.close(nothing)
    return connection


def serve(connection: socket.socket, image: ProcessImage) -> None:
    """Answer requests until the other side closes, or this process is out of date.

    Raises:
        OSError: the scheduler is gone.
    """
    imported = Imported()
    del os.environ[ROOM]
    gc.collect()
    gc.freeze()  # no collection in a forked process is to walk, and so to copy, what was imported
    spares = _Spares(connection, image)
    spares.fork(SPARES)
    say(connection, ForkReply(what="warm", protocol=PROTOCOL))
    while not imported.is_stale():
        spares.wait(STALE_LOOK_S)
        if spares.idle:
            while spares.wait(REST_S):
                pass
        wanted = BATCH_MAX if not spares.idle and _is_readable(connection) else SPARES - spares.idle
        if wanted > 0 and not spares.fork(wanted) and not spares.idle:
            _refuse(connection)
    say(connection, ForkReply(what="stale"))


class _Spares:
    """The processes that wait for requests; each says by a byte that it has taken one.

    Attributes:
        idle: how many have taken none yet.
    """

    def __init__(self, connection: socket.socket, image: ProcessImage) -> None:
        self._connection, self._image = connection, image
        self._taken, self._takes = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self.idle = 0

    def fork(self, count: int) -> int:
        """Fork so many, which become the scheduler's children; how many there could be.

        Raises:
            OSError: the process between cannot do its part.
        """
        try:
            between = os.fork()
        except OSError:
            return 0
        if between == 0:
            self._fork_all(count)
        _, status = os.waitpid(between, 0)
        forked = os.waitstatus_to_exitcode(status)
        if not 0 <= forked < _FAILED:
            raise OSError("the process that forks was ended")
        self.idle += forked
        return forked

    def _fork_all(self, count: int) -> NoReturn:
        code = _FAILED
        try:
            from scheduler.python_jobs.forking.forked import wait_and_begin

            between, forked = os.getpid(), 0
            for _ in range(count):
                try:
                    pid = os.fork()
                except OSError:
                    break
                if pid == 0:
                    os.close(self._taken)
                    wait_and_begin(self._connection, self._image, self._takes, between)
                forked += 1
            code = forked
        finally:
            os._exit(code)

    def wait(self, wait_s: float) -> bool:
        """Wait until one has taken a request; whether that was so.

        Raises:
            OSError: the scheduler is gone.
        """
        poll = select.poll()
        poll.register(self._taken, select.POLLIN)
        poll.register(self._connection, 0 if self.idle else select.POLLIN)
        for descriptor, event in poll.poll(wait_s * 1000):
            if event & (select.POLLHUP | select.POLLERR):
                raise OSError("the scheduler has closed the connection")
            if descriptor == self._taken:
                self.idle -= len(os.read(self._taken, 4096))
                return True
        return False


class Imported:
    """The files that were imported, and the folders where imports are looked for, as they were at the beginning.

    Args:
        look_s: how often they are looked at, at most.
    """

    def __init__(self, look_s: float = STALE_LOOK_S) -> None:
        self._look_s = look_s
        files = (getattr(module, "__file__", None) for module in list(sys.modules.values()))
        self._paths = [path for path in (sys.executable, *sys.path, *files) if path]
        self._stamps = self._look()
        self._look_at_s = time.monotonic() + self._look_s

    def is_stale(self) -> bool:
        """Whether one of them is another one by now: of another version of Python or of a package, say."""
        if time.monotonic() < self._look_at_s:
            return False
        self._look_at_s = time.monotonic() + self._look_s
        return self._look() != self._stamps

    def _look(self) -> list[tuple[int, int, int] | None]:
        return [_stamp(path) for path in self._paths]


def _stamp(path: str) -> tuple[int, int, int] | None:
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _refuse(connection: socket.socket) -> None:
    """No process can be made now: so say of what is asked for.

    Raises:
        OSError: the scheduler is gone.
    """
    if not _is_readable(connection):
        return
    raw, descriptors = receive(connection)
    if not raw:
        raise OSError("the scheduler has closed the connection")
    for descriptor in descriptors:
        os.close(descriptor)
    with contextlib.suppress(msgspec.DecodeError):
        number = msgspec.json.decode(raw, type=ForkRequest).number
        say(connection, ForkReply(what="refused", number=number))


def _is_readable(connection: socket.socket) -> bool:
    return bool(select.select([connection], [], [], 0)[0])


if __name__ == "__main__":
    main()

"""The fork server, as a program: it has imported what the process of a Python job needs, and forks such processes.

    python -I -m scheduler.python_jobs.fork_server SCHEDULER-PID TITLE-ROOM   (standard input: the scheduler's socket)

It imports no code of users, starts no thread and runs no job: each process that it forks imports the code of its
job itself, as one that was started by command does. So nothing of one run reaches another, and a change of that code
needs no restart. It ends with the scheduler, however that ends.

A process is forked twice, so that it becomes a child of the scheduler, which is a subreaper: the server has forked a
process that waits for requests, forks what is wanted, and ends. Only when that one has ended are they handed over.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import importlib
import itertools
import os
import select
import signal
import socket
import sys
import time
from typing import Final, NoReturn

import msgspec

from scheduler.python_jobs.fork_messages import (
    DESCRIPTORS,
    PROTOCOL,
    REQUEST_BYTES_MAX,
    ROOM,
    ForkReply,
    ForkRequest,
)
from scheduler.python_jobs.process_image import ProcessImage

IMPORTED: Final = (
    "scheduler.python_jobs.forked",
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
BATCH_MAX: Final = 16
"""So many processes are forked before they are handed over: the first must not wait for all of a herd."""
STALE_LOOK_S: Final = 1.0
"""How often it is looked, at most, whether what was imported has been replaced on disk."""
_PR_SET_PDEATHSIG: Final = 1


def main() -> None:
    """Serve until the scheduler ends or does not want it any more."""
    with contextlib.suppress(OSError, ValueError, KeyboardInterrupt):
        _end_with(int(sys.argv[1]))
        connection = _connection()
        for name in IMPORTED:
            importlib.import_module(name)
        sys.modules["scheduler.python_jobs.forked"].prepare()
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
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
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
    _say(connection, ForkReply(what="warm", protocol=PROTOCOL))
    for batch in itertools.count(1):
        try:
            pid = os.fork()
        except OSError:
            _refuse(connection)
            continue
        if pid == 0:
            _fork_batch(connection, image, batch)
        _, status = os.waitpid(pid, 0)
        if status:
            return
        if imported.is_stale():
            _say(connection, ForkReply(what="stale"))
            return
        _say(connection, ForkReply(what="handed_over", batch=batch))


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


def _fork_batch(connection: socket.socket, image: ProcessImage, batch: int) -> NoReturn:
    """In a process of its own: wait for a request, fork what is asked for by then, and end."""
    code = 1
    try:
        wait_s = None
        for _ in range(BATCH_MAX):
            if not select.select([connection], [], [], wait_s)[0]:
                break
            raw, descriptors = _receive(connection)
            if not raw:
                os._exit(1)
            wait_s = 0
            _fork_one(connection, image, batch, raw, descriptors)
        code = 0
    finally:
        os._exit(code)


def _fork_one(
    connection: socket.socket, image: ProcessImage, batch: int, raw: bytes, descriptors: list[int]
) -> None:
    try:
        pid = os.fork()
    except OSError:
        _say_refused(connection, raw)
    else:
        if pid == 0:
            from scheduler.python_jobs.forked import begin

            begin(connection, image, batch, raw, descriptors)
    for descriptor in descriptors:
        os.close(descriptor)


def _receive(connection: socket.socket) -> tuple[bytes, list[int]]:
    raw, descriptors, _, _ = socket.recv_fds(
        connection, REQUEST_BYTES_MAX + 1, DESCRIPTORS, socket.MSG_CMSG_CLOEXEC
    )
    return raw, descriptors


def _refuse(connection: socket.socket) -> None:
    """No process can be made now: so say of what is asked for next.

    Raises:
        OSError: the scheduler is gone.
    """
    raw, descriptors = _receive(connection)
    if not raw:
        raise OSError("the scheduler has closed the connection")
    for descriptor in descriptors:
        os.close(descriptor)
    _say_refused(connection, raw)


def _say_refused(connection: socket.socket, raw: bytes) -> None:
    with contextlib.suppress(msgspec.DecodeError, OSError):
        number = msgspec.json.decode(raw, type=ForkRequest).number
        _say(connection, ForkReply(what="refused", number=number))


def _say(connection: socket.socket, reply: ForkReply) -> None:
    connection.send(msgspec.json.encode(reply))


if __name__ == "__main__":
    main()

"""Work that is shared with one more process, so that a search uses two processor cores.

Threads would wait for each other: matching lines holds the interpreter. The other process is a fork that reads files
which are open already, does every second task, and hands each result over through a pipe. It is killed as soon as
nobody wants more, and should it die, its tasks are done here.
"""

from __future__ import annotations

import os
import signal
import struct
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from typing import Final, TypeVar

Task = TypeVar("Task")

_LENGTH: Final = struct.Struct("<Q")


def results(tasks: Sequence[Task], work: Callable[[Task], bytes]) -> Iterator[bytes]:
    """What `work` makes of each task, in their order; the caller may stop at any of them.

    `work` reads no lock and writes nothing: in the other process nothing but the calling thread goes on.
    """
    helper = _Helper(tasks[1::2], work) if len(tasks) > 1 and len(os.sched_getaffinity(0)) > 1 else None
    try:
        for number, task in enumerate(tasks):
            done = helper.result() if helper is not None and number % 2 else None
            yield work(task) if done is None else done
    finally:
        if helper is not None:
            helper.dismiss()


class _Helper:
    """The other process."""

    def __init__(self, tasks: Sequence[Task], work: Callable[[Task], bytes]) -> None:
        read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
        with warnings.catch_warnings():
            # Python warns of forks beside threads. A line that shows progress may be drawn by one; that is not
            # touched here, nor is anything else that a lock guards.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            _serve(write_fd, read_fd, tasks, work)
        os.close(write_fd)
        self._pipe = open(read_fd, "rb")  # noqa: SIM115 - closed by `dismiss`

    def result(self) -> bytes | None:
        """The next one; None if there will be none."""
        head = self._pipe.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack(head)
        done = self._pipe.read(length)
        return done if len(done) == length else None

    def dismiss(self) -> None:
        """End it."""
        self._pipe.close()
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _serve(write_fd: int, read_fd: int, tasks: Sequence[Task], work: Callable[[Task], bytes]) -> None:
    """In the other process: do the tasks and leave, whatever happens, and print nothing."""
    try:
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGPIPE):
            signal.signal(number, signal.SIG_DFL)
        os.close(read_fd)
        with open(write_fd, "wb", buffering=0) as pipe:
            for task in tasks:
                done = work(task)
                view = memoryview(_LENGTH.pack(len(done)) + done)
                while view:
                    view = view[pipe.write(view) or 0 :]
    finally:
        os._exit(0)

"""Work that is shared with a second process, so that a search uses two processor cores.

Threads would wait for each other, because matching lines holds the interpreter lock. The second process is a fork.
It reads files that are open already, does every second task, and sends each result through a pipe. It is killed as
soon as the caller wants no more results. If it dies, this process does its tasks.
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
    """The result of `work` for each task, in the order of the tasks; the caller may stop after any of them.

    `work` must take no lock and write nothing: of all threads, only the calling one exists in the second process.
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
    """The second process."""

    def __init__(self, tasks: Sequence[Task], work: Callable[[Task], bytes]) -> None:
        read_fd, write_fd = os.pipe2(os.O_CLOEXEC)
        with warnings.catch_warnings():
            # Python warns of a fork while there are threads. A thread may draw the line that shows progress; the
            # second process touches neither that nor anything else that a lock guards.
            warnings.simplefilter("ignore", DeprecationWarning)
            self._pid = os.fork()
        if self._pid == 0:
            _serve(write_fd, read_fd, tasks, work)
        os.close(write_fd)
        self._pipe = open(read_fd, "rb")  # noqa: SIM115 - closed by `dismiss`

    def result(self) -> bytes | None:
        """The next result; None if there is none because the process died."""
        head = self._pipe.read(_LENGTH.size)
        if len(head) < _LENGTH.size:
            return None
        (length,) = _LENGTH.unpack(head)
        done = self._pipe.read(length)
        return done if len(done) == length else None

    def dismiss(self) -> None:
        """End the process."""
        self._pipe.close()
        with suppress(ProcessLookupError):
            os.kill(self._pid, signal.SIGKILL)
        with suppress(ChildProcessError):
            os.waitpid(self._pid, 0)


def _serve(write_fd: int, read_fd: int, tasks: Sequence[Task], work: Callable[[Task], bytes]) -> None:
    """Do the tasks in the second process, print nothing, and exit, whatever happens."""
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

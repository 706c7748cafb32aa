"""Standard output and error of this process as sinks for the bytes of jobs: unchanged, and without waiting.

A process that watches runs must not be blocked by a pager that nobody scrolls. So a sink writes only what can be
written now, and says whether something is left.
"""

from __future__ import annotations

import os
import select
import selectors
import stat
from typing import Final

_PIPE_BYTES: Final = 4096
"""A pipe or terminal that is ready accepts this much without blocking: PIPE_BUF of pipe(7)."""


class Sink:
    """One of the process's own streams.

    Attributes:
        fd: its descriptor.
        problem: why nothing more can be written there, so that all further data is dropped; None while it works.
        in_line: whether the last data did not end its line.
    """

    def __init__(self, fd: int) -> None:
        self.fd = fd
        self.problem: OSError | None = None
        self.in_line = False
        self._left = b""
        self._registered = False
        self._poll = select.poll()
        try:
            self._waits = not stat.S_ISREG(os.fstat(fd).st_mode)
            self._poll.register(fd, select.POLLOUT)
        except OSError as problem:
            self._waits, self.problem = False, problem

    def put(self, data: bytes) -> bool:
        """Write the data, or as much of it as can be written now; True if all of it was written.

        This must not be called while something is left: call `flush` first.
        """
        assert not self._left, "what is left comes first"
        self._left = data
        self.in_line = not data.endswith(b"\n")
        return self.flush()

    def flush(self) -> bool:
        """Write what is left, as far as that can be done now; True if nothing is left."""
        if self._left:
            view = memoryview(self._left)
            written = 0
            try:
                while written < len(view) and self.problem is None:
                    count = self._write(view[written:])
                    if count == 0:
                        break
                    written += count
            except OSError as problem:
                self.problem = problem
            self._left = b"" if self.problem is not None else bytes(view[written:])
        return not self._left

    def _write(self, view: memoryview) -> int:
        """Write once; returns how many bytes, or 0 if that would block."""
        if not self._waits:
            return os.write(self.fd, view)
        if not self._poll.poll(0):
            return 0
        try:
            return os.write(self.fd, view[:_PIPE_BYTES])
        except BlockingIOError:
            return 0

    def watch(self, selector: selectors.BaseSelector) -> None:
        """Register with the selector, so that its owner wakes up when what is left can be written."""
        if bool(self._left) == self._registered:
            return
        if self._left:
            selector.register(self.fd, selectors.EVENT_WRITE)
        else:
            selector.unregister(self.fd)
        self._registered = not self._registered

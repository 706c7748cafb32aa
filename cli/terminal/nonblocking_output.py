"""Our own standard output and error as places for the bytes of jobs: raw, never waited for, never in the way.

A process that watches runs must not be held up by a pager that no one scrolls. So a sink takes only what can be
written now, and says whether something is left.
"""

from __future__ import annotations

import os
import select
import selectors
import stat
from typing import Final

_PIPE_BYTES: Final = 4096
"""A pipe or terminal that is ready takes this much without waiting: PIPE_BUF of pipe(7)."""


class Sink:
    """One of our own streams.

    Attributes:
        fd: its descriptor.
        problem: why nothing more can be written there; what comes is dropped from then on. None while it works.
        in_line: what was put last does not end its line.
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
        """Write the data, or as much of it as can be written now; whether all of it was.

        Nothing may be put while something is left: `flush` first.
        """
        assert not self._left, "what is left comes first"
        self._left = data
        self.in_line = not data.endswith(b"\n")
        return self.flush()

    def flush(self) -> bool:
        """Write what is left, as far as that can be done now; whether nothing is left."""
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
        """Write once; 0 if that would wait."""
        if not self._waits:
            return os.write(self.fd, view)
        if not self._poll.poll(0):
            return 0
        try:
            return os.write(self.fd, view[:_PIPE_BYTES])
        except BlockingIOError:
            return 0

    def watch(self, selector: selectors.BaseSelector) -> None:
        """Have the selector wake its owner when what is left can be written."""
        if bool(self._left) == self._registered:
            return
        if self._left:
            selector.register(self.fd, selectors.EVENT_WRITE)
        else:
            selector.unregister(self.fd)
        self._registered = not self._registered

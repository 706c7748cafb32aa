"""Captured output of a finished attempt: its size and SHA-256, without holding up the scheduler's loop."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING, Final

from scheduler.processes.output.output_files import is_output
from scheduler.processes.spawner import FileIdentity

if TYPE_CHECKING:  # only jobs with `fail_on_output` need it
    from scheduler.processes.output.output_search import OutputSearch

SMALL_BYTES: Final = 256 * 1024
SLICE_BYTES: Final = 1024 * 1024
"""What a turn of the loop may read: a few milliseconds' work."""


class OutputDigest:
    """Size and digest of one output file, computed slice by slice; empty files are removed.

    What stands in the file's place and is not the file that was made for the run is neither read nor removed.
    The file is measured when it is opened and hashed up to there: what a straggler appends later does not count.

    Args:
        path: the file.
        identity: which file was made for the run, where that is known.

    Attributes:
        path: as given.
        done: whether all is known.
        size_bytes: how much was hashed; 0 for an empty or missing file.
        sha256: 64 hex digits; None where nothing was hashed to the end.
        problem: why there is no digest although there was something, or nothing where a file should be;
            else None.
        search: sees all that is hashed, if there is one.
    """

    __slots__ = (
        "_buffer",
        "_descriptor",
        "_hash",
        "_identity",
        "_length",
        "done",
        "path",
        "problem",
        "search",
        "sha256",
        "size_bytes",
    )

    def __init__(self, path: str, identity: FileIdentity | None = None) -> None:
        self.path, self._identity = path, identity
        self.done = False
        self.size_bytes = 0
        self.sha256: str | None = None
        self.problem: str | None = None
        self.search: OutputSearch | None = None
        self._descriptor = -1
        self._length = 0

    @property
    def passes(self) -> int:
        """How often each byte is looked at: once, and once more for each text that is searched for."""
        return 1 if self.search is None else 1 + self.search.passes

    def advance(self, budget_bytes: int = SLICE_BYTES) -> bool:
        """Read at most `budget_bytes` more (a file of up to `SMALL_BYTES` whole); whether all is known now.

        Never raises: what goes wrong with the file is its `problem`.
        """
        try:
            if not self.done and self._descriptor < 0:
                self._open()
            if not self.done:
                self._read(max(budget_bytes, SMALL_BYTES))
        except FileNotFoundError:
            self._finish("it was deleted")
        except OSError as error:
            self._finish(error.strerror or str(error))
        return self.done

    def close(self) -> None:
        """Give up before the end; harmless when done."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    def _open(self) -> None:
        found = os.lstat(self.path)
        if self._is_refused(found):
            return
        if found.st_size == 0:
            os.unlink(self.path)
            self._finish(None)
            return
        # What stands here may have changed since the look: a link is refused, a pipe does not block.
        flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        self._descriptor = os.open(self.path, flags)
        found = os.fstat(self._descriptor)
        if not self._is_refused(found):
            self._length = found.st_size
            self._hash = hashlib.sha256()
            self._buffer = bytearray(min(self._length, SMALL_BYTES))

    def _is_refused(self, found: os.stat_result) -> bool:
        """Whether this is not the run's output; then all is known."""
        if is_output(found, self._identity):
            return False
        regular = is_output(found, None)
        self._finish("another file stands in its place" if regular else "it is not a regular file")
        return True

    def _read(self, budget_bytes: int) -> None:
        view = memoryview(self._buffer)
        while self.size_bytes < self._length and budget_bytes > 0:
            wanted = min(len(view), self._length - self.size_bytes, budget_bytes)
            count = os.readv(self._descriptor, [view[:wanted]])
            if count == 0:
                self._finish("it was cut while it was read")
                return
            self._hash.update(view[:count])
            if self.search is not None:
                self.search.take(view[:count])
            self.size_bytes += count
            budget_bytes -= count
        if self.size_bytes == self._length:
            self.sha256 = self._hash.hexdigest()
            self._finish(None)

    def _finish(self, problem: str | None) -> None:
        self.problem = problem
        self.done = True
        self.close()

"""The file in memory through which entries reach the engine: it has no name that others could open it by."""

from __future__ import annotations

import os


class HandoverFile:
    """A file in memory; its owner closes it.

    Attributes:
        path: its name, for the engine's list of allowed files.
        bytes: how much is in it.
    """

    def __init__(self) -> None:
        self._fd = os.memfd_create("recent", os.MFD_CLOEXEC)
        self.path = f"/proc/self/fd/{self._fd}"
        self.bytes = 0

    def add(self, block: bytes) -> None:
        """Put whole lines behind those that are there."""
        os.pwrite(self._fd, block, self.bytes)
        self.bytes += len(block)

    def clear(self) -> None:
        """Begin anew, and give the memory back."""
        os.ftruncate(self._fd, 0)
        self.bytes = 0

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)

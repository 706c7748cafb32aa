"""Descriptors kept in reserve, so that running out of them blinds nobody.

A scheduler at its limit of open files must still be able to look at `/proc` and to stop what it started: what a
look needs is held back, and let go for the time of the look.
"""

from __future__ import annotations

import contextlib
import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

LOOK_DESCRIPTORS: Final = 16
"""A look takes one for the listing of `/proc` and one for the file that it reads; a kill, one more per process."""

_EXHAUSTION: Final = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})


def is_exhaustion(error: OSError) -> bool:
    """Whether something failed for want of descriptors or memory: it says nothing about what was looked at."""
    return error.errno in _EXHAUSTION


class DescriptorReserve:
    """Descriptors of nothing, for one thread."""

    def __init__(self) -> None:
        self._held: list[int] = []
        self.refill()

    def refill(self) -> bool:
        """Take what is missing, as far as there is any; whether the reserve is whole."""
        if len(self._held) == LOOK_DESCRIPTORS:
            return True
        with contextlib.suppress(OSError):
            while len(self._held) < LOOK_DESCRIPTORS:
                self._held.append(os.open("/", os.O_PATH | os.O_CLOEXEC))
        return len(self._held) == LOOK_DESCRIPTORS

    @contextmanager
    def lent(self) -> Iterator[None]:
        """Let them go for as long as this lasts."""
        self.close()
        try:
            yield
        finally:
            self.refill()

    def close(self) -> None:
        """Let them go."""
        while self._held:
            os.close(self._held.pop())


def keep_descriptors_to_ourselves() -> None:
    """Close-on-exec for what this process inherited; what Python opens has it already (PEP 446)."""
    for name in os.listdir("/proc/self/fd"):
        descriptor = int(name)
        if descriptor > 2:
            try:
                os.set_inheritable(descriptor, False)
            except OSError:  # the descriptor of the listing itself
                continue

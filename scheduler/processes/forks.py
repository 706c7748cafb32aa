"""The contract between the starting of processes and a server that forks them ready-made.

Whatever the server does not do, because it is not there, hangs or refuses, is done by `posix_spawn`. A forked process
waits until it is told to go, so that it is noted, marked and held before its code runs, as a started one is; and it
ends by itself where it is not told.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol

from scheduler.processes.spawn import Command


class ForkOrder(NamedTuple):
    """A process that is wanted: its command, and the descriptors of its standard output and standard error."""

    command: Command
    outputs: Sequence[int]


class Forked(NamedTuple):
    """A process that stands and waits: a child of this process, and the pipe on which it waits."""

    pid: int
    waits_on: int

    def go(self) -> bool:
        """Let it begin; False if it has ended, without having begun."""
        try:
            return os.write(self.waits_on, b"g") == 1
        except OSError:
            return False
        finally:
            self.close()

    def close(self) -> None:
        """Give the pipe back; where it was not told to go, it ends."""
        with contextlib.suppress(OSError):
            os.close(self.waits_on)


class Forks(Protocol):
    """Forks processes ready-made."""

    def fits(self, command: Command) -> bool:
        """Whether it may be asked for such a process now."""
        ...

    def fork(self, orders: Sequence[ForkOrder]) -> Iterator[tuple[int, Forked | None]]:
        """Fork them; each order by its index, with its process as soon as that stands, or None: there is none.

        The answers come within bounded time, each once, in any order. Whoever gets a process lets it go or closes it.
        """
        ...

"""Children that this process inherits: as the first process of a container, and as a subreaper (prctl(2)).

A subreaper gets the orphans among its descendants, where otherwise init would. So a run's descendant whose parent
ended is still told from a stranger, and the ends of all of them have to be collected here, or zombies pile up.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Container, Iterable
from typing import Final

from scheduler.processes.recognition.identity import process_stat

LOOK_S: Final = 1.0
"""A zombie is collected at the second look that finds it: who starts a child in this process waits for it at once."""
_PR_SET_CHILD_SUBREAPER: Final = 36


def become_subreaper() -> bool:
    """Inherit orphaned descendants from now on; False where the system does not allow that."""
    import ctypes  # here, for it takes its time and most commands start nothing

    return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


class InheritedChildren:
    """Collects the ends of children that nobody in this process started."""

    def __init__(self) -> None:
        self._look_at_s = 0.0
        self._seen: set[int] = set()

    def is_due(self) -> bool:
        """Whether `LOOK_S` have passed since the last look."""
        return time.monotonic() >= self._look_at_s

    def reap(self, own: Container[int], pids: Callable[[], Iterable[int]]) -> None:
        """Collect what has ended and was seen at an earlier look.

        Args:
            own: numbers of the children whose ends somebody else here collects.
            pids: all processes; looked at only where some child has ended.
        """
        self._look_at_s = time.monotonic() + LOOK_S
        try:
            some = os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            some = None
        ended = set() if some is None else self._ended(own, pids)
        for pid in ended & self._seen:
            try:
                os.waitpid(pid, os.WNOHANG)
            except ChildProcessError:
                continue
        self._seen = ended - self._seen

    def _ended(self, own: Container[int], pids: Callable[[], Iterable[int]]) -> set[int]:
        me, found = os.getpid(), set()
        try:
            for pid in pids():
                stat = None if pid in own else process_stat(pid)
                if stat is not None and stat.parent == me and not stat.alive:
                    found.add(pid)
        except OSError:  # no descriptor left to look with
            return set()
        return found

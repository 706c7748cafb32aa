"""Watching programs start and end from the outside, at next to no cost to those who start them.

The kernel tells of each program in a folder when it is opened to be executed and when the last process that
executes it is gone. So schedulers of any kind are measured in the same way, by the same `/bin/true`, and it is
the process itself that is seen, not what somebody says of it.
"""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path
from typing import NamedTuple

import inotify_simple

_POLL_S = 0.005


class Seen(NamedTuple):
    """What was seen; wall-clock seconds.

    Attributes:
        first_start_s: when the first program was started, to a fraction of a millisecond.
        last_end_s: when the last one was gone, to about 5 ms.
        starts: how many were started.
    """

    first_start_s: float
    last_end_s: float
    starts: int


def make_programs(folder: Path, count: int) -> list[Path]:
    """As many names for one copy of `/bin/true`."""
    folder.mkdir()
    paths = [folder / f"job-{number:05d}" for number in range(count)]
    shutil.copy("/bin/true", paths[0])
    for path in paths[1:]:
        os.link(paths[0], path)
    return paths


class Observer:
    """Watches the programs in a folder."""

    def __init__(self, folder: Path) -> None:
        self._inotify = inotify_simple.INotify()
        flags = inotify_simple.flags
        self._opened, self._folder_itself = int(flags.OPEN), int(flags.ISDIR)
        self._inotify.add_watch(folder, flags.OPEN | flags.CLOSE_NOWRITE)

    def forget(self) -> None:
        """Forget what was seen so far."""
        while self._inotify.read(timeout=0):
            pass

    def first_start(self, timeout_s: float) -> float:
        """Wait for the next program to be started; when that was, in wall-clock seconds.

        Raises:
            TimeoutError: none was.
        """
        return self.watch(1, timeout_s, ends=False).first_start_s

    def watch(self, count: int, timeout_s: float, *, ends: bool = True) -> Seen:
        """Wait until as many programs have been started and are gone.

        Raises:
            TimeoutError: they were not.
        """
        give_up_s = time.monotonic() + timeout_s
        first_s = last_s = 0.0
        starts = ended = 0
        while (ended if ends else starts) < count:
            left_s = give_up_s - time.monotonic()
            if left_s <= 0:
                raise TimeoutError(f"{starts} of {count} programs were started, {ended} ended")
            found = self._inotify.read(timeout=int(1000 * min(left_s, 1.0)) if not starts else 0)
            events = [event for event in found if not event.mask & self._folder_itself]
            last_s = time.time() if events else last_s
            first_s = first_s or last_s
            opened = sum(bool(event.mask & self._opened) for event in events)
            starts, ended = starts + opened, ended + len(events) - opened
            if starts and (ended if ends else starts) < count:
                time.sleep(_POLL_S)
        return Seen(first_s, last_s, starts)

    def close(self) -> None:
        """Stop watching."""
        self._inotify.close()

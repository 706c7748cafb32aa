"""The kernel's word that output of live runs has grown, and of which."""

from __future__ import annotations

import contextlib
import re
import selectors
from pathlib import Path
from typing import Final

from scheduler.logs.collection.collector import Collector

_NAME: Final = re.compile(r"([0-9]{1,18})-([0-9]{1,9})\.(?:stdout|stderr)")
LOOK_S: Final = 0.1
"""Where the kernel cannot tell, live output is looked at this often."""


class OutputWatch:
    """Watches the folders into which live runs of a collector write; a place in the owner's selector wakes it up.

    Attributes:
        works: whether the kernel tells; if not, the owner asks the collector to look at all now and then.
    """

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._selector = selector
        self._folders: dict[int, Path] = {}
        self.works = False
        with contextlib.suppress(ImportError, OSError):
            import inotify_simple

            self._inotify = inotify_simple.INotify(nonblocking=True)
            self._flags = inotify_simple.flags
            self._selector.register(self._inotify, selectors.EVENT_READ)
            self.works = True

    def update(self, collector: Collector) -> None:
        """Tell the collector what has grown, and watch the folders that it needs watched."""
        if not self.works:
            collector.look_at_all()
            return
        flags = self._flags
        for event in self._inotify.read(timeout=0):
            if event.mask & flags.Q_OVERFLOW:
                collector.look_at_all()
            elif event.mask & flags.IGNORED:
                self._folders.pop(event.wd, None)
            elif (name := _NAME.fullmatch(event.name)) is not None:
                collector.dirty.add((int(name[1]), int(name[2])))
        wanted = collector.folders
        for number, folder in list(self._folders.items()):
            if folder not in wanted and folder not in self._above(wanted):
                self._forget(number)
        for folder in wanted - set(self._folders.values()):
            if self._watch(folder, self._flags.MODIFY):
                collector.look_at_all()  # what was written before it was watched

    def _watch(self, folder: Path, flag: int) -> bool:
        """Watch a folder; if it is not there yet, the one above it, to hear when it comes. Whether it is watched.

        It is not made here: whoever starts a run makes it, and must not find it made at the same instant.
        """
        if not self.works:
            return False
        try:
            self._folders[self._inotify.add_watch(folder, flag)] = folder
        except FileNotFoundError:
            if folder.parent == folder or not self._watch(folder.parent, self._flags.CREATE):
                return False
            with contextlib.suppress(OSError):  # it may have come before the one above was watched
                self._folders[self._inotify.add_watch(folder, flag)] = folder
                return True
            return bool(flag == self._flags.CREATE)
        except OSError:  # too many watches for this user: look instead
            self.close()
            return False
        return True

    def _above(self, wanted: set[Path]) -> set[Path]:
        """Folders that are watched only for what comes in them."""
        watched = set(self._folders.values())
        return {above for folder in wanted - watched for above in folder.parents}

    def _forget(self, number: int) -> None:
        del self._folders[number]
        with contextlib.suppress(OSError):
            self._inotify.rm_watch(number)

    def close(self) -> None:
        """Stop watching."""
        if self.works:
            self.works = False
            self._selector.unregister(self._inotify)
            self._inotify.close()

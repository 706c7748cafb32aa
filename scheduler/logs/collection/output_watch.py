"""Which live runs have written output, as the kernel reports it."""

from __future__ import annotations

import contextlib
import re
import selectors
from pathlib import Path
from typing import Final

from scheduler.change_watch import CREATED, MODIFIED, ChangeWatch
from scheduler.logs.collection.collector import Collector

_NAME: Final = re.compile(r"([0-9]{1,18})-([0-9]{1,9})\.(?:stdout|stderr)")
LOOK_S: Final = 0.1
"""If the kernel does not report changes, live output is looked at this often."""


class OutputWatch:
    """Watches the folders into which live runs write; a file in the owner's selector wakes the owner up.

    Attributes:
        works: whether the kernel reports changes; if not, the owner must ask the collector to look at all output.
    """

    def __init__(self, selector: selectors.BaseSelector) -> None:
        self._changes = ChangeWatch(selector)
        self._folders: dict[int, Path] = {}

    @property
    def works(self) -> bool:
        """See `ChangeWatch.works`."""
        return self._changes.works

    def update(self, collector: Collector) -> None:
        """Tell the collector which outputs have grown, and watch the folders into which its runs write now."""
        if not self.works:
            collector.look_at_all()
            return
        for change in self._changes.changes():
            if change.overflow:
                collector.look_at_all()
            elif change.ended:
                self._folders.pop(change.number, None)
            elif (name := _NAME.fullmatch(change.name)) is not None:
                collector.dirty.add((int(name[1]), int(name[2])))
        wanted = collector.folders
        for number, folder in list(self._folders.items()):
            if folder not in wanted and folder not in self._above(wanted):
                self._forget(number)
        for folder in wanted - set(self._folders.values()):
            if self._watch(folder, MODIFIED):
                # Something may have been written before the folder was watched.
                collector.look_at_all()

    def _watch(self, folder: Path, what: int) -> bool:
        """Watch a folder, or the one above it until it exists; True if one of the two is watched.

        The folder is not made here: the process that starts a run makes it, and both must not make it at once.
        """
        if not self.works:
            return False
        try:
            return self._add(folder, what)
        except FileNotFoundError:
            if folder.parent == folder or not self._watch(folder.parent, CREATED):
                return False
            # The folder may have been made before the one above it was watched.
            with contextlib.suppress(FileNotFoundError):
                return self._add(folder, what)
            return what == CREATED

    def _add(self, folder: Path, what: int) -> bool:
        number = self._changes.add(folder, what)
        if number is None:
            return False
        self._folders[number] = folder
        return True

    def _above(self, wanted: set[Path]) -> set[Path]:
        """Folders that are watched only because a wanted folder is going to be made in them."""
        watched = set(self._folders.values())
        return {above for folder in wanted - watched for above in folder.parents}

    def _forget(self, number: int) -> None:
        del self._folders[number]
        self._changes.remove(number)

    def close(self) -> None:
        """Stop watching."""
        self._changes.close()

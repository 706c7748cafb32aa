"""The files of entries: there is one for each day; it is appended to, and compressed when it is old."""

from __future__ import annotations

import contextlib
import errno
import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final, NamedTuple

from eventstore.regular_file import check_folder, open_regular
from scheduler.home import Home
from scheduler.logs.storage.checkpoint import Checkpoint

DAY_SUFFIXES: Final = (".jsonl.gz", ".jsonl")
_NAME: Final = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})(\.jsonl|\.jsonl\.gz)")
_FLAGS: Final = os.O_RDWR | os.O_CREAT | os.O_APPEND
FREE_BYTES_MIN: Final = 32 * 1024 * 1024
"""If less room than this is left on the disk, nothing is collected: the ledger needs the rest."""


def entries_folder(home: Home) -> Path:
    """Where a home's log entries are."""
    return home.logs / "entries"


def make_folder(folder: Path) -> None:
    """Make the folder of the entries and the one above it, accessible to the owner only.

    Raises:
        OSError: they cannot be made, or one of them is a link.
    """
    for each in (folder.parent, folder):
        each.mkdir(mode=0o700, exist_ok=True)
        check_folder(each)


class DayFile(NamedTuple):
    """A file of entries; `day` as `YYYY-MM-DD`."""

    day: str
    path: Path

    @property
    def compressed(self) -> bool:
        """Whether it is gzipped."""
        return self.path.suffix == ".gz"


def day_files(folder: Path) -> list[DayFile]:
    """The files of entries, oldest day first; of one day, the compressed one first."""
    found = []
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as listed:
        for item in listed:
            name = _NAME.fullmatch(item.name)
            if name is not None and item.is_file(follow_symlinks=False):
                found.append(DayFile(name[1], folder / item.name))
    return sorted(found, key=lambda file: (file.day, not file.compressed))


class DayWriter:
    """Appends to day files and keeps their lengths in a position.

    Args:
        folder: where the files are; position: the collector's; commit: writes the position.
    """

    def __init__(self, folder: Path, position: Checkpoint, commit: Callable[[], None]) -> None:
        self._folder, self._position, self._commit = folder, position, commit

    def recover(self) -> None:
        """Cut the files back to the lengths in the position: what was written after them is removed.

        After a power cut a file may be shorter than the position says. Then an unfinished last line is cut off, so
        that the next line is not joined to it.
        """
        for name, length in list(self._position.days.items()):
            path = self._folder / name
            try:
                size = _cut(path, length)
                if size < length:
                    self._position.days[name] = self._size(name)
            except FileNotFoundError:
                # Retention deleted it.
                del self._position.days[name]

    def append(self, lines: dict[str, bytes]) -> None:
        """Write lines into the files of their days, and the new lengths into the position, which is not stored yet.

        Raises:
            OSError: not everything could be written. The stored position still fits the files.
        """
        self._check_room()
        fresh = [f"{day}.jsonl" for day in lines if f"{day}.jsonl" not in self._position.days]
        if fresh:
            # The length is stored before the file grows, so that what a crash leaves in it can be cut off.
            saved = [(name, self._size(name)) for name in fresh]
            self._position.days.update(saved)
            self._commit()
        for day, raw in lines.items():
            self._append(f"{day}.jsonl", raw)

    def _append(self, name: str, raw: bytes) -> None:
        fd = open_regular(self._folder / name, _FLAGS)
        try:
            view = memoryview(raw)
            while view:
                view = view[os.write(fd, view) :]
            self._position.days[name] = os.fstat(fd).st_size
        finally:
            os.close(fd)

    def _size(self, name: str) -> int:
        """Length of a file up to its last whole line; the rest is cut off."""
        path = self._folder / name
        try:
            with open(open_regular(path, os.O_RDWR), "r+b") as file:
                size = file.seek(0, os.SEEK_END)
                begin = max(0, size - 1024 * 1024)
                file.seek(begin)
                whole = begin + file.read().rfind(b"\n") + 1
                if whole < size:
                    file.truncate(whole)
                return whole
        except FileNotFoundError:
            return 0

    def _check_room(self) -> None:
        found = os.statvfs(self._folder)
        if found.f_bavail * found.f_frsize < FREE_BYTES_MIN:
            raise OSError(errno.ENOSPC, "too little room is left for log entries", str(self._folder))


def _cut(path: Path, length: int) -> int:
    """Cut a file to a length if it is longer; returns how long it was, in bytes."""
    fd = open_regular(path, os.O_RDWR)
    try:
        size = os.fstat(fd).st_size
        if size > length:
            os.ftruncate(fd, length)
        return size
    finally:
        os.close(fd)

"""Room that is reserved on the disk, so that an entry can still record that the disk is full."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from eventstore.durable import Disk

RESERVE_NAME = "reserve"
RESERVE_BYTES = 256 * 1024


class DiskReserve:
    """A file of zeros that takes up room on the disk."""

    def __init__(self, folder: Path, disk: Disk) -> None:
        self._path, self._disk = folder / RESERVE_NAME, disk

    def release(self) -> None:
        """Release the room; a failure means that there is none to release."""
        with contextlib.suppress(OSError):
            self._disk.unlink(self._path)

    def restore(self) -> bool:
        """Reserve the room, unless it is reserved already; False if there is none."""
        with contextlib.suppress(OSError):
            if os.stat(self._path).st_size >= RESERVE_BYTES:
                return True
        if self._free_bytes() < RESERVE_BYTES:
            # A file that is created and removed again would wake every process that watches the folder, twice.
            return False
        try:
            fd = self._disk.open(self._path, os.O_RDWR | os.O_CREAT)
        except OSError:
            return False
        try:
            self._disk.fallocate(fd, RESERVE_BYTES)
        except OSError:
            self.release()
            return False
        finally:
            os.close(fd)
        return True

    def _free_bytes(self) -> int:
        """The free room of the file system for this user; a quota may leave less."""
        try:
            found = os.statvfs(self._path.parent)
        except OSError:
            return 0
        return found.f_frsize * (found.f_bfree if os.geteuid() == 0 else found.f_bavail)

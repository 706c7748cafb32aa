"""Whether a ledger has grown, seen from outside: by what the kernel knows of its files, without reading any."""

from __future__ import annotations

import os
from pathlib import Path

Stamp = tuple[int, ...]
"""Differs if anything was appended in between; what was is not known."""


class LedgerStamp:
    """The stamp of a folder of segments; two looks at files, whatever their size and number."""

    def __init__(self) -> None:
        self._folder_ns = -1
        self._newest: Path | None = None

    def of(self, folder: Path) -> Stamp:
        """The stamp as of now; an empty one if there is no ledger."""
        try:
            folder_ns = os.stat(folder).st_mtime_ns
            if folder_ns != self._folder_ns or self._newest is None or self._newest.parent != folder:
                # A segment was begun, removed or replaced.
                self._newest = max(folder.glob("*.jsonl"), default=None)
                self._folder_ns = folder_ns
            if self._newest is None:
                return (folder_ns,)
            found = os.stat(self._newest)
        except OSError:
            self._newest = None
            return ()
        return folder_ns, found.st_ino, found.st_size, found.st_mtime_ns

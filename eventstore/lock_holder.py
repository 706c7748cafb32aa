"""Which process holds a lock, as far as the system tells."""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

_LOCKS = Path("/proc/locks")
_LINE = r"[0-9]+: FLOCK +ADVISORY +(?P<mode>[A-Z]+) +(?P<pid>-?[0-9]+) [0-9a-f]+:[0-9a-f]+:(?P<inode>[0-9]+) "
"""A lock that is held, as proc_locks(5) has it; what waits for one begins with `->`."""


class LockHolder(NamedTuple):
    """A process that holds a lock.

    Attributes:
        pid: its number; None if it cannot be seen from here.
        writes: whether it holds the lock alone.
    """

    pid: int | None
    writes: bool


def lock_holder(path: Path) -> LockHolder | None:
    """A process that holds the lock in this file; None if none does, or the system does not tell."""
    try:
        inode = path.stat().st_ino
        lines = _LOCKS.read_text().splitlines()
    except OSError:
        return None
    for line in lines:
        match = re.match(_LINE, line)
        if match is not None and int(match["inode"]) == inode:
            pid = int(match["pid"])
            return LockHolder(pid if pid > 0 else None, match["mode"] == "WRITE")
    return None

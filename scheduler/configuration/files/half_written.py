"""Whether a config may be half written: an editor that writes a file in place leaves its last line without an end."""

from __future__ import annotations

import os
import time
from pathlib import Path

from scheduler.configuration.files.part_names import PartsRefused, folder_of, part_names
from scheduler.home import Home

UNENDED_REST_S = 10.0
"""So long a config has to stay as it is if a last line has no end: it may be half written, and valid too."""


def may_be_half_written(home: Home) -> bool:
    """Whether a file of a config was written just now, by the wall clock, and its last line has no end."""
    return any(map(_may_be_half_written, _files_of(home)))


def _may_be_half_written(path: Path) -> bool:
    try:
        age_s = time.time() - path.stat().st_mtime
    except OSError:
        return False
    return 0 <= age_s < UNENDED_REST_S and not _ends_its_last_line(path)


def ends_its_last_lines(home: Home) -> bool:
    """Whether every file of a config ends its last line."""
    return all(map(_ends_its_last_line, _files_of(home)))


def _files_of(home: Home) -> list[Path]:
    """The files of a config; of parts that cannot be listed, none."""
    folder = folder_of(home.config)
    try:
        return [home.config, *(folder / name for name in part_names(folder))]
    except (PartsRefused, OSError):
        return [home.config]


def _ends_its_last_line(path: Path) -> bool:
    """Whether the last byte of a file is a line end, as whoever writes a file leaves it when it is whole.

    True where the file cannot be looked at: reading it says why.
    """
    try:
        with open(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), "rb") as file:
            size_bytes = os.fstat(file.fileno()).st_size
            return size_bytes > 0 and os.pread(file.fileno(), 1, size_bytes - 1) == b"\n"
    except OSError:
        return True

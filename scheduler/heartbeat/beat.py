"""The loop's part: a file is touched while the scheduler is healthy."""

from __future__ import annotations

import contextlib
import os
import stat
from pathlib import Path
from typing import Final

from scheduler.definition import Heartbeat
from scheduler.home import Home

BEAT_S: Final = 10.0
"""At least so often the file is touched."""
FRESH_S: Final = 30.0
"""So long after the last touch the scheduler counts as healthy."""
TURN_S: Final = 1.0
"""The loop turns about so often: what is due between two turns comes with the first of them."""
_FLAGS: Final = os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Beat:
    """Touches; what cannot be touched is not, and that is what others see.

    Args:
        home: the home.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._file: Path | None = None
        self._at_s = 0.0

    def use(self, settings: Heartbeat | None) -> None:
        """This is what the config says from now on; None: it names no heartbeat."""
        file = None if settings is None else file_of(self._home, settings.file)
        if file != self._file:
            self._file, self._at_s = file, 0.0

    def turn(self, now_s: float) -> None:
        """The loop has turned, and can do what it is for: touch, if it is time.

        Args:
            now_s: by the monotonic clock.
        """
        if now_s < self._at_s:
            return
        self._at_s = now_s + BEAT_S - TURN_S
        if self._file is not None:
            with contextlib.suppress(OSError):
                _touch(self._file)


def file_of(home: Home, written: str | None) -> Path:
    """The file that is touched: that which the config names, None for that of the home."""
    return home.heartbeat if written is None else home.root / written


def touched_ns(path: Path) -> int | None:
    """When the file was touched, in nanoseconds since 1970; None if it is not there, or is no file."""
    with contextlib.suppress(OSError):
        found = path.lstat()
        if stat.S_ISREG(found.st_mode):
            return found.st_mtime_ns
    return None


def _touch(path: Path) -> None:
    """Its content, if it has any, stays."""
    descriptor = os.open(path, _FLAGS, 0o600)
    try:
        if stat.S_ISREG(os.fstat(descriptor).st_mode):
            os.utime(descriptor)
    finally:
        os.close(descriptor)

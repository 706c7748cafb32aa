"""Where this process stands while it starts others: `posix_spawn` knows no working directory."""

from __future__ import annotations

import contextlib
import os
from typing import Self

from scheduler.processes import program
from scheduler.processes.spawner import LaunchFailed


class WorkingFolder:
    """The folder that this process stands in; as a context manager it comes back in the end, if it ever left.

    Where it may not come back it stays: what was started meanwhile is no failure for that.
    """

    def __init__(self) -> None:
        try:
            self._at = os.getcwd()
        except OSError:  # our own folder was deleted
            self._at = ""
        self._home: int | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        if self._home is not None:
            with contextlib.suppress(OSError):
                os.fchdir(self._home)
            with contextlib.suppress(OSError):
                os.close(self._home)

    def go(self, folder: str) -> None:
        """Stand in this folder from now on.

        Raises:
            LaunchFailed: that is impossible.
        """
        if self._at == folder:
            return
        try:
            if self._home is None:
                self._home = _hold_here()
            os.chdir(folder)
        except OSError as error:
            text = f"cannot start in the working directory {folder}: {error.strerror}"
            raise LaunchFailed(text, program.NOT_EXECUTABLE) from error
        self._at = folder


def _hold_here() -> int:
    """A descriptor of the current folder, deleted or not; of `/` if we may not even enter it again."""
    flags = os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC
    try:
        return os.open(".", flags)
    except OSError:
        return os.open("/", flags)

"""Has log entries collected, in a process of its own, while a scheduler serves."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

from cli.background.kept_program import KeptProgram
from scheduler.home import Home
from scheduler.logs.storage.day_files import entries_folder, make_folder

_STOP_S = 2.0


class LogCollector:
    """Keeps the collector running.

    Nothing depends on it: what is not collected now is collected when someone asks.
    """

    def __init__(self, home: Home) -> None:
        self._home = Home(Path(os.path.abspath(home.root)))
        self._program = KeptProgram("scheduler.logs", home, "log collector", _STOP_S)

    def start(self) -> None:
        """Begin; a second call does nothing.

        The folder of the entries is made at once, by the caller: no run is started at the same instant, which makes
        folders there too.
        """
        with contextlib.suppress(OSError):
            make_folder(entries_folder(self._home))
        self._program.start()

    def stop(self) -> None:
        """Have it take what is there and end; waits for that a moment."""
        self._program.stop()

"""The config of a home for whoever must not wait: what takes long to read of it is read in the background."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from scheduler.configuration.errors import ConfigUnreadable, NotYetKnown
from scheduler.configuration.home_config import load_config
from scheduler.configuration.model import RETRY_S, Config, SlowParts
from scheduler.home import Home

TRIES_MAX: Final = 3
"""So often it is read in the background: what is not kept by then cannot be kept."""


class BackgroundReading:
    """Reads a home's config. What its extensions declare, and the days of its iCalendar files, another process reads.

    Args:
        home: the home.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._process: subprocess.Popen[bytes] | None = None
        self._begun_s: float | None = None
        self._tries = 0

    @property
    def is_going(self) -> bool:
        """Whether the other process is at work: until it has ended, there is no use in another call of `load`."""
        return self._process is not None and self._process.poll() is None

    @property
    def is_wanted(self) -> bool:
        """Whether the config was asked for, and not all of it was known: `load` is to be called again."""
        return self._begun_s is not None

    def load(self) -> Config | None:
        """The config; None if something takes long to read: it is being read from now on.

        Raises:
            ConfigInvalid, ConfigMissing, ConfigUnreadable: there is none that could be used.
        """
        if self.is_going:
            return None
        failed_since_s = time.time() - RETRY_S
        if self._begun_s is not None:
            failed_since_s = min(failed_since_s, self._begun_s)
        try:
            config = load_config(self._home, slow=SlowParts(failed_since_s))
        except NotYetKnown:
            self._begin()
            return None
        except Exception:
            self._forget()
            raise
        self._forget()
        return config

    def _begin(self) -> None:
        if self._tries >= TRIES_MAX:
            self._forget()
            raise ConfigUnreadable(
                self._home.config,
                f"what extensions declare, or the days of iCalendar files, cannot be kept in {self._home.var}",
            )
        self._begun_s = time.time()
        home = Path(os.path.abspath(self._home.root))
        with contextlib.suppress(OSError):  # it is tried again
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", "scheduler.configuration.reading", str(home)],
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
            self._tries += 1

    def _forget(self) -> None:
        self._begun_s, self._tries = None, 0

    def close(self) -> None:
        """End the other process. Calling it again does nothing."""
        if self._process is not None and self._process.poll() is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

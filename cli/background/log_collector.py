"""Has log entries collected, in a process of its own, while a scheduler serves."""

from __future__ import annotations

import contextlib
import os
import subprocess
import threading
import time
from pathlib import Path

from cli.background.program import BackgroundProgram
from scheduler.home import Home
from scheduler.logs.storage.day_files import entries_folder, make_folder

_RETRY_S_FIRST = 0.5
_RETRY_S_MAX = 30.0
_LONG_ENOUGH_S = 10.0
_STOP_S = 2.0


class LogCollector:
    """Starts the collector and starts it again when it ends, from a thread that shares nothing else.

    Nothing depends on it: what is not collected now is collected when someone asks.
    """

    def __init__(self, home: Home) -> None:
        self._home = Home(Path(os.path.abspath(home.root)))
        self._program = BackgroundProgram("scheduler.logs", home)
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._changing = threading.Lock()
        self._thread = threading.Thread(target=self._keep, name="log collector", daemon=True)

    def start(self) -> None:
        """Begin; a second call does nothing.

        The folder of the entries is made at once, by the caller: no run is started at the same instant, which makes
        folders there too.
        """
        if self._thread.ident is None and not self._stopping.is_set():
            with contextlib.suppress(OSError):
                make_folder(entries_folder(self._home))
            with contextlib.suppress(
                RuntimeError
            ):  # no thread can be started: who asks for logs collects them
                self._thread.start()

    def stop(self) -> None:
        """Have it take what is there and end; waits for that a moment."""
        with self._changing:
            self._stopping.set()
            if self._process is not None:
                self._process.terminate()
        if self._thread.ident is not None:
            self._thread.join(_STOP_S)

    def _keep(self) -> None:
        retry_s = _RETRY_S_FIRST
        while not self._stopping.is_set():
            began_s = time.monotonic()
            with contextlib.suppress(OSError):
                self._run()
            if time.monotonic() - began_s > _LONG_ENOUGH_S:
                retry_s = _RETRY_S_FIRST
            self._stopping.wait(retry_s)
            retry_s = min(2 * retry_s, _RETRY_S_MAX)

    def _run(self) -> None:
        with self._changing:
            if self._stopping.is_set():
                return
            self._process = self._program.start()
        self._process.wait()

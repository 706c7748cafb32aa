"""A program beside the scheduler that is started again when it ends, for as long as the scheduler serves."""

from __future__ import annotations

import contextlib
import subprocess
import threading
import time
from collections.abc import Collection

from cli.background.program import BackgroundProgram, await_end
from scheduler.home import Home

RETRY_S_FIRST = 0.5
_RETRY_S_MAX = 30.0
_LONG_ENOUGH_S = 10.0


class KeptProgram:
    """Starts a program and starts it again when it ends, from a thread that shares nothing else.

    Args:
        module: the program, a module that is run with the home as its argument.
        home: the home.
        name: of the thread.
        stop_s: how long a stop waits for it.
        ends_with: exit codes after which it is not started again, until `start` is called once more.
    """

    def __init__(
        self, module: str, home: Home, name: str, stop_s: float, ends_with: Collection[int] = ()
    ) -> None:
        self._program = BackgroundProgram(module, home)
        self._name, self._stop_s, self._ends_with = name, stop_s, ends_with
        self._stopping = threading.Event()
        self._process: subprocess.Popen[bytes] | None = None
        self._changing = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_wanted = False

    def start(self) -> None:
        """Begin; while it is kept running, a further call only has it looked at once more if it ends."""
        with self._changing:
            self._is_wanted = True
            if self._stopping.is_set() or self._thread is not None:
                return
            self._begin()

    def _begin(self) -> None:
        self._thread = threading.Thread(target=self._keep, name=self._name, daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # no thread can be started: what it does is done later, or by who asks for it
            self._thread = None

    def stop(self) -> None:
        """Have it do what is left and end; waits for that a moment."""
        with self._changing:
            self._stopping.set()
            if self._process is not None:
                self._process.terminate()
            thread = self._thread
        if thread is not None:
            thread.join(self._stop_s)

    def kill(self) -> None:
        """End it at once, for good; it goes on from what it kept when it is started elsewhere."""
        with self._changing:
            self._stopping.set()
            if self._process is not None:
                self._process.kill()

    def _keep(self) -> None:
        retry_s = RETRY_S_FIRST
        while not self._stopping.is_set():
            began_s = time.monotonic()
            with contextlib.suppress(OSError):
                if self._run() in self._ends_with and self._is_over():
                    return
            if time.monotonic() - began_s > _LONG_ENOUGH_S:
                retry_s = RETRY_S_FIRST
            self._stopping.wait(retry_s)
            retry_s = min(2 * retry_s, _RETRY_S_MAX)

    def _run(self) -> int | None:
        with self._changing:
            if self._stopping.is_set():
                return None
            self._is_wanted = False
            self._process = self._program.start()
        return await_end(self._process)

    def _is_over(self) -> bool:
        """Whether nobody has wanted it since it was started."""
        with self._changing:
            if self._is_wanted:
                return False
            self._thread = None
            return True

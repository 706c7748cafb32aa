"""Waiting for the next due instant, the end of a process, growth of the ledger, or a signal: what comes first."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

LOOK_S = 0.02
"""Where the kernel cannot tell of the ledger's growth, it is looked at this often."""


class Waiter:
    """One selector for everything that can wake a scheduler or someone who follows the ledger.

    Attributes:
        selector: for others to register what they wait for; they look at it themselves after a wait.
    """

    def __init__(self, folder: Path | None, signals: Iterable[signal.Signals] = ()) -> None:
        self.selector = selectors.DefaultSelector()
        self._signals: list[int] = []
        self._woken_fd, self._wakeup_fd = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.selector.register(self._woken_fd, selectors.EVENT_READ)
        self._previous_fd = signal.set_wakeup_fd(self._wakeup_fd, warn_on_full_buffer=False)
        self._previous = {number: signal.signal(number, self._remember) for number in signals}
        self._growth = None if folder is None else self._watch(folder)

    def _watch(self, folder: Path) -> Growth | None:
        try:
            growth = Growth(folder)
        except OSError:
            return None  # no inotify here, or too many watches: look instead
        self.selector.register(growth.fd, selectors.EVENT_READ)
        return growth

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        self._signals.append(number)

    def wait(self, timeout_s: float) -> list[int]:
        """Wait until something happens, for at most `timeout_s`; the signals that came since the last call."""
        if self._growth is None:
            timeout_s = min(timeout_s, LOOK_S)
        for key, _ in self.selector.select(timeout_s):
            if key.fd == self._woken_fd:
                os.read(self._woken_fd, 4096)
            elif self._growth is not None and key.fd == self._growth.fd:
                self._growth.drain()
        signals, self._signals = self._signals, []
        return signals

    def is_quiet(self) -> bool:
        """Whether a wait would wait: nothing has happened that was not looked at."""
        return not self._signals and not self.selector.select(0)

    def close(self) -> None:
        """Give everything back as it was."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(self._previous_fd)
        if self._growth is not None:
            self._growth.close()
        self.selector.close()
        os.close(self._woken_fd)
        os.close(self._wakeup_fd)


class Growth:
    """The kernel's word that something was written into a folder."""

    def __init__(self, folder: Path) -> None:
        import inotify_simple

        self._inotify = inotify_simple.INotify(nonblocking=True)
        try:
            self._inotify.add_watch(folder, inotify_simple.flags.MODIFY | inotify_simple.flags.CREATE)
        except OSError:
            self._inotify.close()
            raise
        self.fd: int = self._inotify.fileno()

    def drain(self) -> None:
        """Forget what was said so far."""
        with contextlib.suppress(BlockingIOError):
            os.read(self.fd, 65_536)

    def close(self) -> None:
        """Stop listening."""
        self._inotify.close()

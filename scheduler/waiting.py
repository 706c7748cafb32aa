"""Waiting for the next due instant, the end of a process, growth of the ledger, or a signal: what comes first."""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
from collections.abc import Iterable
from pathlib import Path
from types import FrameType

from eventstore.durable import close_quietly
from scheduler.change_watch import CREATED, MODIFIED, ChangeWatch

LOOK_S = 0.02
"""Where the kernel cannot tell of the ledger's growth, it is looked at this often."""


class Waiter:
    """One selector for everything that can wake a scheduler, or a command that follows the ledger.

    Args:
        folder: that of the ledger; None where it is not kept in files, and is looked at often instead.
        signals: they are held back until `wait` returns them; only the main thread may name any.

    Attributes:
        selector: for others to register what they wait for; they look at it themselves after a wait.
    """

    def __init__(self, folder: Path | None, signals: Iterable[signal.Signals] = ()) -> None:
        self.selector = selectors.DefaultSelector()
        self._signals: list[int] = []
        signals = list(signals)
        self._woken_fd, self._wakeup_fd = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
        self.selector.register(self._woken_fd, selectors.EVENT_READ)
        self._previous_fd = -1
        if signals:
            self._previous_fd = signal.set_wakeup_fd(self._wakeup_fd, warn_on_full_buffer=False)
        self._previous = {number: signal.signal(number, self._remember) for number in signals}
        self._folder, self._watch = folder, ChangeWatch(self.selector)
        self._watches = False

    def _remember(self, number: int, _frame: FrameType | None) -> None:
        self._signals.append(number)

    def wait(self, timeout_s: float) -> list[int]:
        """Wait until something happens, for at most `timeout_s`; the signals that came since the last call.

        The first call does not wait: only from then on the kernel tells of what happens.
        """
        if not self._watches:
            self._begin_to_watch()
            timeout_s = 0.0
        if not self._watch.works:
            timeout_s = min(timeout_s, LOOK_S)
        for key, _ in self.selector.select(timeout_s):
            if key.fd == self._woken_fd:
                with contextlib.suppress(OSError):  # what is left there wakes the next wait
                    os.read(self._woken_fd, 4096)
            elif key.fd == self._watch.fd:
                self._watch.drain()
        signals, self._signals = self._signals, []
        return signals

    def _begin_to_watch(self) -> None:
        self._watches = True
        try:
            if self._folder is None or self._watch.add(self._folder, MODIFIED | CREATED) is None:
                self._watch.close()
        except FileNotFoundError:
            self._watch.close()

    def is_quiet(self) -> bool:
        """Whether a wait would wait: nothing has happened that was not looked at."""
        return self._watches and not self._signals and not self.selector.select(0)

    def close(self) -> None:
        """Give everything back as it was."""
        for number, handler in self._previous.items():
            signal.signal(number, handler)
        if self._previous:
            signal.set_wakeup_fd(self._previous_fd)
        self._watch.close()
        self.selector.close()
        close_quietly(self._woken_fd)
        close_quietly(self._wakeup_fd)


def stops_among(signals: Iterable[int]) -> list[int]:
    """Those of some signals that ask for a stop: with SIGHUP the config is to be read anew."""
    return [number for number in signals if number != signal.SIGHUP]

"""Whether a scheduler still serves a home, for a command that waits for that scheduler's work."""

from __future__ import annotations

import contextlib
import os
import selectors

from scheduler.home import Home
from scheduler.processes.pidfd import has_ended
from scheduler.processes.recognition.identity import host_name
from scheduler.scheduler_lock import Holder, holder_of

_LOOK_S = 1.0
_LONG_S = 60.0


class AnyScheduler:
    """In place of `SchedulerWatch` where the ledger is in a database: schedulers on other machines do the work too.

    Attributes:
        look_s: how often to look for what they recorded.
    """

    look_s = 0.25

    def alive(self) -> bool:
        """Whether there is still something to wait for: there is, until a person gives up."""
        return True

    def close(self) -> None:
        """Do nothing."""


class SchedulerWatch:
    """Watches whether a scheduler serves the home; the kernel reports the end of the process that served it last.

    Attributes:
        look_s: how often to call `alive`; rarely if the kernel reports the end of the process.
    """

    def __init__(self, home: Home, holder: Holder, selector: selectors.BaseSelector) -> None:
        self._home, self._selector = home, selector
        self._pidfd: int | None = None
        self._hold(holder)

    def _hold(self, holder: Holder) -> None:
        self.look_s = _LOOK_S
        if holder.pid <= 0 or holder.host != host_name():
            # The process is on another host or in another container, where its pid is that of another process here.
            return
        with contextlib.suppress(OSError):
            self._pidfd = os.pidfd_open(holder.pid)
            self._selector.register(self._pidfd, selectors.EVENT_READ)
            self.look_s = _LONG_S

    def alive(self) -> bool:
        """Whether a scheduler serves the home; it may be another one than before."""
        if self._pidfd is not None and not has_ended(self._pidfd):
            return True
        self.close()
        holder = holder_of(self._home.scheduler_lock)
        if holder is None:
            return False
        self._hold(holder)
        return True

    def close(self) -> None:
        """Stop watching."""
        if self._pidfd is not None:
            self._selector.unregister(self._pidfd)
            os.close(self._pidfd)
            self._pidfd = None

"""The service manager, as a scheduler sees it: what is told to it, and when."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator, MutableMapping
from contextlib import contextmanager
from typing import Final, Literal

from scheduler.service_manager.notify_socket import NotifySocket

TURN_S: Final = 1.0
"""The loop turns about so often: what is due between two turns comes with the first of them."""
EXTENSION_S: Final = 60.0
"""While it starts or stops, so long after each word the manager is to wait for the next one."""
EXTEND_S: Final = 10.0
"""How often that is asked for."""
VARIABLES: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID")
"""What it says in the environment is for this process alone."""
_MICROS_DIGITS_MAX: Final = 18


class ServiceManager:
    """Who started the scheduler, if it wants to hear of it.

    Args:
        environ: of this process. What is meant for it alone is taken out of there, so that no program that it starts
            speaks in its name.
        pid: of this process.
    """

    def __init__(self, environ: MutableMapping[str, str], pid: int | None = None) -> None:
        said = {name: environ.pop(name, "") for name in VARIABLES}
        self._socket = NotifySocket(said["NOTIFY_SOCKET"])
        self._phase: Literal["starting", "serving", "stopping"] = "starting"
        self._untold: dict[str, str] = {}
        self._status = ""
        self._feed_every_s = _feed_every_s(said, os.getpid() if pid is None else pid)
        self._feed_at_s = self._extend_at_s = 0.0

    @property
    def listens(self) -> bool:
        """Whether anything is told at all."""
        return self._socket.is_there

    def ready(self) -> None:
        """The scheduler serves."""
        self._phase = "serving"
        self._tell(READY="1")

    def status(self, text: str) -> None:
        """What it does, in words; told if that has changed."""
        if text != self._status:
            self._status = text
            self._tell(STATUS=text)

    def stopping(self) -> None:
        """The scheduler has begun to stop."""
        self._phase = "stopping"
        self._tell(STOPPING="1")

    @contextmanager
    def reloading(self) -> Iterator[None]:
        """While the context lasts, the config is read anew."""
        self._tell(RELOADING="1", MONOTONIC_USEC=str(time.monotonic_ns() // 1_000))
        try:
            yield
        finally:
            self._untold.pop("RELOADING", None)
            self._tell(READY="1")

    def turned(self, now_s: float) -> None:
        """The loop has turned: feed the watchdog, or ask for more time, if it is time for that.

        Args:
            now_s: by the monotonic clock.
        """
        if not self.listens:
            return
        if self._phase != "serving" and now_s >= self._extend_at_s:
            self._extend_at_s = now_s + EXTEND_S
            self._untold["EXTEND_TIMEOUT_USEC"] = str(round(EXTENSION_S * 1_000_000))
        if self._feed_every_s is not None and now_s >= self._feed_at_s:
            self._feed_at_s = now_s + self._feed_every_s
            self._untold["WATCHDOG"] = "1"
        if self._untold:
            self._tell()

    def _tell(self, **said: str) -> None:
        """Tell this, with what found no room before."""
        self._untold |= said
        if self._socket.send(self._untold):
            self._untold = {}


def _feed_every_s(said: dict[str, str], pid: int) -> float | None:
    """How often the watchdog is fed to hear twice within its time; None if none waits for this process."""
    micros, meant = said["WATCHDOG_USEC"], said["WATCHDOG_PID"] or str(pid)
    if meant != str(pid) or not micros.isascii() or not micros.isdigit():
        return None
    within_s = int(micros[:_MICROS_DIGITS_MAX]) / 1_000_000
    return max(0.0, within_s / 2 - TURN_S) if within_s > 0 else None

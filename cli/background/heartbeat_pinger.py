"""Has an address pinged, in a process of its own, while the scheduler is healthy."""

from __future__ import annotations

from cli.background.kept_program import KeptProgram
from scheduler.home import Home

_STOP_S = 2.0
_NO_ADDRESS = 78


class HeartbeatPinger:
    """Keeps the pinger running, if the config names an address."""

    def __init__(self, home: Home) -> None:
        self._program = KeptProgram("scheduler.heartbeat", home, "heartbeat pinger", _STOP_S, (_NO_ADDRESS,))

    def want(self) -> None:
        """The config that is in force names an address."""
        self._program.start()

    def stop(self) -> None:
        """No more pings: who waits for them hears of it."""
        self._program.stop()

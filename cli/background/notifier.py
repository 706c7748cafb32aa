"""Has people told what becomes of jobs, in a process of its own, while a scheduler serves; at the end too."""

from __future__ import annotations

from cli.background.kept_program import KeptProgram
from scheduler.home import Home

STATE_NAME = "state.json"
"""That of `scheduler.notifications.state_file`, which is imported only where somebody is told of something."""

_STOP_S = 6.0
_NO_CHANNELS = 78


class Notifier:
    """Keeps the follower running that tells people, if the config has channels.

    Nothing that is recorded waits for it: what was not told is told by the next one.
    """

    def __init__(self, home: Home) -> None:
        self._home = home
        self._program = KeptProgram("scheduler.notifications", home, "notifier", _STOP_S, (_NO_CHANNELS,))
        self._is_wanted = self._serves = False

    def want(self) -> None:
        """The config names channels: begin once the scheduler serves, if nothing has begun yet."""
        self._is_wanted = True
        if self._serves:
            self._program.start()

    def start(self) -> None:
        """The scheduler serves: begin if the config names channels, or something is still to be told."""
        self._serves = True
        if self._is_wanted or (self._home.notifications / STATE_NAME).exists():
            self._program.start()

    def stop(self) -> None:
        """Have it tell what there is and end; waits for that a moment, not for a receiver that hangs."""
        self._program.stop()

    def kill(self) -> None:
        """End it at once: another node has it done from now on."""
        self._program.kill()

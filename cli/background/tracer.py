"""Has traces and figures sent, in a process of its own, while a scheduler serves, if the config names a receiver."""

from __future__ import annotations

from cli.background.kept_program import KeptProgram
from scheduler.home import Home

_STOP_S = 3.0
_NO_RECEIVER = 78


class Tracer:
    """Keeps the follower running that sends traces.

    Nothing that is recorded waits for it: what was not sent is sent by the next one.
    """

    def __init__(self, home: Home) -> None:
        self._program = KeptProgram("cli.background.telemetry", home, "tracer", _STOP_S, (_NO_RECEIVER,))

    def start(self) -> None:
        """The scheduler serves, and its config names a receiver: begin, if nothing has begun yet."""
        self._program.start()

    def stop(self) -> None:
        """Have it send what there is and end; waits for that a moment."""
        self._program.stop()

    def kill(self) -> None:
        """End it at once: another node has it done from now on."""
        self._program.kill()

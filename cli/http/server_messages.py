"""Which of the server's own messages are written to standard error: nobody must fill a disk by them."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final

_ANYBODYS: Final = (
    "ASGI callable returned without completing response.",
    "Invalid HTTP request received.",
    "Unsupported upgrade request.",
    "No supported WebSocket library detected.",
)
"""So these begin: who took no answer, or sent what is none. They tell nothing of who it was."""
_SELDOM: Final = ("Exceeded concurrency limit.",)
_SELDOM_S: Final = 60.0


class ForPeople(logging.Filter):
    """Lets pass what somebody can do something about, and of what comes in crowds one a minute.

    Args:
        now_s: the clock.
    """

    def __init__(self, now_s: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now_s = now_s
        self._told_s: dict[str, float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a message is written."""
        said = str(record.msg)
        if said.startswith(_ANYBODYS):
            return False
        if said.startswith(_SELDOM):
            now_s = self._now_s()
            if now_s - self._told_s.get(said, -_SELDOM_S) < _SELDOM_S:
                return False
            self._told_s[said] = now_s
        return True

"""Runs that may print only so much: their files are looked at, and what printed more is stopped.

How often depends on how fast a run prints: the next look is when it would reach its limit if it went on as it did
since the last one. What has printed nothing may be about to begin: the younger a run, the sooner is the next look.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from scheduler.clock import Reading
from scheduler.processes.output.output_files import is_output
from scheduler.processes.spawner import FileIdentity
from scheduler.service.attempts.running_attempt import RunningAttempt
from scheduler.wording.quantities import size_words

LOOK_MAX_S: Final = 1.0
"""An attempt is looked at this often at least, however little it prints."""
LOOK_MIN_S: Final = 0.02
"""An attempt is looked at no sooner than this after the last look, or after its start, however much it prints."""
TOGETHER_S: Final = 0.01
"""What is to be looked at so soon is looked at now, so that many runs do not wake the loop one by one."""
_MOMENT_S: Final = 0.001
_HURRY: Final = 2
"""What has printed so many times its limit, though it was asked to end, is not waited for."""


def output_size(path: str, identity: FileIdentity | None) -> int:
    """How long an output file is; 0 where it is not the one that was made."""
    try:
        found = os.lstat(path)
    except OSError:
        return 0
    return found.st_size if is_output(found, identity) else 0


@dataclass(slots=True)
class _Limited:
    """An attempt whose output is limited: what it had printed at the last look, and when the next one is due."""

    running: RunningAttempt
    most_bytes: int
    since_s: float
    looked_at_s: float
    look_at_s: float
    size_bytes: int = 0


class OutputLimits:
    """The running attempts whose output is limited.

    Args:
        stop: asks a run to stop, which then failed for the reason given.
        size: how many bytes stand in an output file.
    """

    def __init__(
        self,
        stop: Callable[[RunningAttempt, str, Reading], object],
        size: Callable[[str, FileIdentity | None], int] = output_size,
    ) -> None:
        self._stop, self._size = stop, size
        self._limited: dict[int, _Limited] = {}
        self._look_at_s = 0.0

    def watch(self, running: RunningAttempt, since_s: float) -> None:
        """Look at the output of an attempt from now on, if it is limited; it prints since `since_s`, monotonic."""
        limits = running.definition.limits
        if limits is None or limits.output_bytes is None:
            return
        first_s = since_s + LOOK_MIN_S
        self._look_at_s = min(self._look_at_s, first_s) if self._limited else first_s
        self._limited[running.launch.run] = _Limited(running, limits.output_bytes, since_s, since_s, first_s)

    def forget(self, run: int) -> None:
        """Look at it no longer."""
        if self._limited:
            self._limited.pop(run, None)

    def turn(self, now: Reading) -> None:
        """Look at those attempts whose look is due, and stop what has printed too much."""
        if not self._limited or now.monotonic_s < self._look_at_s:
            return
        for limited in list(self._limited.values()):
            if now.monotonic_s + TOGETHER_S >= limited.look_at_s:
                self._look(limited, now)
        self._look_at_s = min(
            (limited.look_at_s for limited in self._limited.values()), default=now.monotonic_s
        )

    def _look(self, limited: _Limited, now: Reading) -> None:
        running, most, now_s = limited.running, limited.most_bytes, now.monotonic_s
        paths = (running.launch.stdout, running.launch.stderr)
        size = sum(map(self._size, paths, running.outputs))
        if size > most:
            self._stop(running, f"its output is longer than its limit of {size_words(most)}", now)
        if size > most * _HURRY and running.kill_at_s is not None:
            running.kill_at_s = min(running.kill_at_s, now_s)
        left = (most * _HURRY if size > most else most) - size
        printed, took_s = size - limited.size_bytes, max(now_s - limited.looked_at_s, _MOMENT_S)
        wait_s = left * took_s / printed if printed > 0 else LOOK_MAX_S
        limited.size_bytes, limited.looked_at_s = size, now_s
        limited.look_at_s = now_s + max(min(wait_s, now_s - limited.since_s, LOOK_MAX_S), LOOK_MIN_S)

    def wake_s(self, now_s: float) -> float | None:
        """In how many seconds the next look is due; None for never."""
        return max(0.0, self._look_at_s - now_s) if self._limited else None

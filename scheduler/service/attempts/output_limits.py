"""Runs that may print only so much: their files are looked at once a second, and what printed more is stopped."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Final

from scheduler.clock import Reading
from scheduler.processes.output.output_files import is_output
from scheduler.processes.spawner import FileIdentity
from scheduler.service.attempts.running_attempt import RunningAttempt
from scheduler.wording.sizes import size_words

LOOK_S: Final = 1.0
_HURRY: Final = 2
"""What has printed so many times its limit, though it was asked to end, is not waited for."""


def output_size(path: str, identity: FileIdentity | None) -> int:
    """How long an output file is; 0 where it is not the one that was made."""
    try:
        found = os.lstat(path)
    except OSError:
        return 0
    return found.st_size if is_output(found, identity) else 0


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
        self._limited: dict[int, tuple[RunningAttempt, int]] = {}
        self._look_at_s = 0.0

    def watch(self, running: RunningAttempt) -> None:
        """Look at the output of an attempt from now on, if it is limited."""
        limits = running.definition.limits
        if limits is not None and limits.output_bytes is not None:
            self._limited[running.launch.run] = (running, limits.output_bytes)

    def forget(self, run: int) -> None:
        """Look at it no longer."""
        if self._limited:
            self._limited.pop(run, None)

    def turn(self, now: Reading) -> None:
        """Stop what has printed too much, if a second has passed since the last look."""
        now_s = now.monotonic_s
        if not self._limited or now_s < self._look_at_s:
            return
        self._look_at_s = now_s + LOOK_S
        for running, most in list(self._limited.values()):
            paths = (running.launch.stdout, running.launch.stderr)
            size = sum(map(self._size, paths, running.outputs))
            if size > most:
                self._stop(running, f"its output is longer than its limit of {size_words(most)}", now)
            if size > most * _HURRY and running.kill_at_s is not None:
                running.kill_at_s = min(running.kill_at_s, now_s)

    def wake_s(self, now_s: float) -> float | None:
        """In how many seconds the next look is due; None for never."""
        return max(0.0, self._look_at_s - now_s) if self._limited else None

"""What calls to a database meet on their way, from a seed."""

from __future__ import annotations

import random
from collections.abc import Callable

from tests.support.simulated_database import Met, Trouble

CHANGING = ("append", "confirm", "claim", "halt", "keep_config")
"""Calls of which it matters whether they are carried out, beside the renewals."""
SLOW_MAX_S = 2.5
LATE_MAX_S = 20.0


class Network:
    """The way from one process to the database.

    Args:
        rng: decides.
        troubled: the share of calls that meet something.
        note: told what a call met, for the story.

    Attributes:
        troubled: as given; 0 from when on everything works.
        unsafe: whether the wait for the standby may be cancelled.
        not_safe: called when it was.
    """

    def __init__(self, rng: random.Random, troubled: float, note: Callable[[str], None]) -> None:
        self._rng, self.troubled, self._note = rng, troubled, note
        self.unsafe = False
        self.not_safe: Callable[[], None] = lambda: None

    def __call__(self, call: str) -> Met:
        """What this call meets."""
        rng = self._rng
        if rng.random() >= self.troubled:
            return Met(delay_s=rng.choice((0.0, 0.0, 0.0, 0.002)))
        kinds = [Trouble.UNREACHABLE, Trouble.NEVER_ARRIVED, Trouble.ANSWER_LOST, Trouble.IN_FLIGHT, None]
        if self.unsafe and call in CHANGING:
            kinds += [Trouble.NOT_SAFE] * 2
        trouble = rng.choice(kinds)
        longest_s = LATE_MAX_S if trouble is Trouble.IN_FLIGHT else SLOW_MAX_S
        delay_s = rng.choice((0.0, 0.05, rng.uniform(0.0, longest_s)))
        met = Met(trouble, delay_s, rng.choice((0.0, 0.0, rng.uniform(0.0, SLOW_MAX_S))))
        self._note(f"{call}: {'slow' if trouble is None else trouble.name.lower()}")
        if trouble is Trouble.NOT_SAFE:
            self.not_safe()
        return met

"""Liveness: for how long each node has been silent, by the clock of who listens.

Each node raises a counter in the database. No wall clock decides who is alive: a listener counts the time between two
readings of the counters, both of which succeeded, by its own boot clock. Time in which it could not read, or did not
come to it, says nothing about the others.
"""

from __future__ import annotations

from collections.abc import Sequence

from eventstore.replicated.database import NodePulse

SILENT_S = 3.0
"""A node that was silent for so long is given nothing new, what it had not started goes to others, and if it led,
another one may."""
FADING_S = 1.5
"""A node that is not heard of for so long is late with its renewal."""
COUNTED_MAX_S = 1.0
"""Between two readings at most so much is counted, however long the listener itself was held up."""


class Liveness:
    """What was heard of the nodes."""

    def __init__(self) -> None:
        self._counted_s = 0.0
        self._read_at_s: float | None = None
        self._pulses: dict[str, NodePulse] = {}
        self._heard_s: dict[str, float] = {}

    def read(self, pulses: Sequence[NodePulse], at_s: float) -> None:
        """The counters were read.

        Args:
            pulses: all of them; at_s: when the answer came, by the boot clock.
        """
        if self._read_at_s is not None:
            self._counted_s += min(COUNTED_MAX_S, max(0.0, at_s - self._read_at_s))
        self._read_at_s = at_s
        for pulse in pulses:
            if self._pulses.get(pulse.identity.node) != pulse:
                self._heard_s[pulse.identity.node] = self._counted_s
        self._pulses = {pulse.identity.node: pulse for pulse in pulses}

    def heard(self, node: str) -> None:
        """Something else than its counter shows that a node is alive: it recorded that it joined."""
        self._heard_s[node] = self._counted_s

    def failed(self) -> None:
        """They could not be read: all counts start anew, for others may not have reached the database either."""
        self._read_at_s, self._counted_s = None, 0.0
        self._heard_s.clear()

    def silence_s(self, node: str) -> float:
        """For how long a node has been silent; of one that has no counter, for how long it has been listened."""
        return self._counted_s - self._heard_s.get(node, 0.0)

    def is_silent(self, node: str) -> bool:
        """Whether a node has been silent for `SILENT_S`."""
        return self.silence_s(node) >= SILENT_S

    def any_fading(self) -> bool:
        """Whether some node may fall silent, or did a moment ago: it is worth to look more often."""
        silences = (self._counted_s - self._heard_s.get(node, 0.0) for node in self._pulses)
        return any(FADING_S <= silence_s < 2 * SILENT_S for silence_s in silences)

    def pulse(self, node: str) -> NodePulse | None:
        """The counter of a node as it was read last; None if it has none."""
        return self._pulses.get(node)

"""Renewal: whether a node may still believe that the others take it for alive. Pure."""

from __future__ import annotations


class Renewal:
    """The last renewal of a node's counter that the database acknowledged.

    What counts is when it was *sent*: by then, at the latest, the others can have seen it. A process is started only
    while that is less than half of the time after which they give the node up, so that no run which was given up
    begins afterwards. A pause between the question and the start remains.
    """

    def __init__(self) -> None:
        self._sent_s: float | None = None

    def acknowledged(self, sent_s: float) -> None:
        """A renewal that was sent at `sent_s`, by the boot clock, was acknowledged."""
        self._sent_s = sent_s

    def may_start(self, now_s: float, lost_after_s: float) -> bool:
        """Whether a process may be started now.

        Args:
            now_s: the boot clock; lost_after_s: how long a node is silent before it is given up.
        """
        return self._sent_s is not None and now_s - self._sent_s < lost_after_s / 2

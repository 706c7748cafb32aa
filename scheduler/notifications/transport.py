"""How a message gets to a receiver: the protocol that each kind of channel implements."""

from __future__ import annotations

from typing import Final, Protocol

from scheduler.notifications.message import Message

REFUSED_S: Final = 60.0
"""A receiver that is there and refuses is left alone for so long, at least."""


class NotDelivered(Exception):
    """A message was not delivered.

    Attributes:
        reason: why, as a clause for people, bounded and without secrets.
        permanent: another try would end the same way, so that none is made.
        uncertain: the receiver may have got it, and did not say so: an answer did not come in time.
        wait_s: the receiver is there and refuses: it is left alone for so long, at least. 0: it is away, or failed.
    """

    def __init__(
        self, reason: str, permanent: bool = False, uncertain: bool = False, wait_s: float = 0.0
    ) -> None:
        self.reason, self.permanent, self.uncertain, self.wait_s = reason, permanent, uncertain, wait_s
        super().__init__(reason)


class Transport(Protocol):
    """A way to one receiver. It is used by one thread at a time."""

    def send(self, message: Message) -> None:
        """Deliver a message; it is with the receiver on return. Takes 10 s at most.

        Raises:
            NotDelivered: it is not, for what the exception says; nothing else is raised.
        """
        ...

"""Tries, each in a thread of its own: a receiver that is slow or dead holds up nobody else."""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from typing import NamedTuple

from scheduler.notifications.message import Message
from scheduler.notifications.settings import Channel
from scheduler.notifications.transport import NotDelivered, Transport

Opener = Callable[[Channel], Transport]


class TryEnded(NamedTuple):
    """How a try ended.

    Attributes:
        channel: its name; id: of the message; problem: why it was not delivered, None if it was.
    """

    channel: str
    id: str
    problem: NotDelivered | None


class Deliveries:
    """The tries of a follower.

    Args:
        opener: makes the way to a receiver.

    Attributes:
        ended: what is told of tries that have ended; None is put there to wake who waits.
    """

    def __init__(self, opener: Opener) -> None:
        self._opener = opener
        self._under_way: set[str] = set()
        self.ended: queue.SimpleQueue[TryEnded | None] = queue.SimpleQueue()

    def begin(self, channel: Channel, message: Message) -> None:
        """Begin a try; its end is put into `ended`. A channel has one at a time."""
        self._under_way.add(channel.name)
        thread = threading.Thread(
            target=self._try, args=(channel, message), name=f"tell {channel.name}", daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            self._end(channel, message, NotDelivered("no thread could be started for it"))

    def take(self, timeout_s: float) -> list[TryEnded]:
        """The tries that ended, once one has, or nothing after a while."""
        found: list[TryEnded | None] = []
        try:
            found.append(self.ended.get(timeout=timeout_s) if timeout_s > 0 else self.ended.get_nowait())
            while True:
                found.append(self.ended.get_nowait())
        except queue.Empty:
            pass
        ended = [each for each in found if each is not None]
        self._under_way.difference_update(each.channel for each in ended)
        return ended

    @property
    def under_way(self) -> frozenset[str]:
        """The channels to which a try is going on, or has ended and was not taken yet."""
        return frozenset(self._under_way)

    def _try(self, channel: Channel, message: Message) -> None:
        problem: NotDelivered | None = None
        try:
            self._opener(channel).send(message)
        except NotDelivered as found:
            problem = found
        except Exception as found:  # noqa: BLE001 - a mistake in one kind of channel must not silence the others
            problem = NotDelivered(f"an unexpected {type(found).__name__}", uncertain=True)
        self._end(channel, message, problem)

    def _end(self, channel: Channel, message: Message, problem: NotDelivered | None) -> None:
        self.ended.put(TryEnded(channel.name, message.id, problem))

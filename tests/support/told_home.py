"""A home whose people are told: a ledger that is written by hand, receivers that fail as they are bidden, a clock."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path

from eventstore.segment import SEGMENT_ENTRIES
from eventstore.store import Entry
from scheduler import vocabulary as v
from scheduler.home import Home
from scheduler.notifications.deliveries import Opener
from scheduler.notifications.follower import BUSY_LOOKS_MAX, Follower
from scheduler.notifications.message import Message
from scheduler.notifications.settings import Channel
from scheduler.notifications.transport import NotDelivered
from tests.support.home import write_config
from tests.support.ledger import Writer

PATIENCE_S = 30.0


class Receivers:
    """Who is told, by the names of channels.

    Attributes:
        taken: the messages that arrived, in their order.
        problems: what a channel raises in place of taking a message.
        took_silently: channels that take a message and raise nevertheless, as where the answer gets lost.
        tries: how many there were.
    """

    def __init__(self) -> None:
        self.taken: list[Message] = []
        self.problems: dict[str, NotDelivered] = {}
        self.took_silently: set[str] = set()
        self.hang = threading.Event()
        self.hang.set()
        self.tries = 0

    def open(self, _channel: Channel) -> Receivers:
        """The way to any of them."""
        return self

    def send(self, message: Message) -> None:
        """Take a message, or do as bidden."""
        self.tries += 1
        self.hang.wait(PATIENCE_S)
        problem = self.problems.get(message.channel)
        if problem is None or message.channel in self.took_silently:
            self.taken.append(message)
        if problem is not None:
            raise problem

    def told(self, channel: str) -> list[tuple[str, ...]]:
        """The kinds of the news in each message that a channel got."""
        return [
            tuple(notice.kind for notice in each.notices) for each in self.taken if each.channel == channel
        ]


class ToldHome:
    """A home with a config, a ledger and a follower.

    Args:
        root: the folder; config: of it.
        opener: makes the ways to receivers; None: to those of this home, which fail as they are bidden.
    """

    def __init__(self, root: Path, config: str, opener: Opener | None = None) -> None:
        self.home = Home(root)
        self.write_config(config)
        self.writer = Writer(root, SEGMENT_ENTRIES, step=timedelta(milliseconds=10), durable=True)
        self.receivers = Receivers()
        self._opener = opener or self.receivers.open
        self._follower: Follower | None = None

    def write_config(self, config: str) -> None:
        """Edit the config."""
        write_config(self.home.root, config)

    def now(self) -> datetime:
        """The wall clock."""
        return self.writer.now.astimezone(UTC)

    @property
    def follower(self) -> Follower:
        """The one that follows; it begins if none does."""
        if self._follower is None:
            self._follower = Follower(
                self.home,
                self._opener,
                self.now,
                lambda: self.now().timestamp(),
                is_first=not self.home.notifications.exists(),
            )
        return self._follower

    def kill(self) -> None:
        """End the follower in the middle: nothing more is kept or recorded by it. Its tries come to their end."""
        killed, self._follower = self._follower, None
        self.receivers.hang.set()
        while killed is not None and killed.under_way:
            killed.deliveries.take(PATIENCE_S)

    def turn(self, seconds: float = 0.0) -> None:
        """Let time pass, and have the follower look at all there is and come to rest."""
        self.writer.wait(seconds=seconds)
        for _ in range(BUSY_LOOKS_MAX + 1):
            self.follower.turn()
            self.rest()
        # What was recorded leaves room for the next message.
        self.writer.wait(seconds=1)
        for _ in range(2):
            self.follower.turn()
            self.rest()

    def rest(self) -> None:
        """Wait until no try is going on."""
        while self.follower.under_way:
            self.follower.take(PATIENCE_S)

    def fail(self, job: str, outcome: str = "failed") -> int:
        """A run of a job that fails; its number."""
        return self.run(job, outcome)

    def run(self, job: str, outcome: str = "succeeded") -> int:
        """A run of a job; its number."""
        run = self.writer.tick(job)
        self.writer.start(job, run)
        self.writer.finish(job, run, outcome)  # type: ignore[arg-type]
        return run

    def entries(self, *types: str) -> list[Entry]:
        """The entries of these types; of none: all about notifications."""
        self.writer.journal.refresh()
        return [each for each in self.writer.journal.read(0) if each.type in (types or v.NOTIFICATIONS)]

    def records(self) -> list[object]:
        """What is recorded about notifications."""
        return [v.payload(each) for each in self.entries()]

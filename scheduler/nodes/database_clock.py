"""The clock of a node: its wall clock is the database's, which all nodes share.

Between two readings it is carried on by the machine's boot clock, which nobody can set and which goes on while the
machine sleeps. A reading only says that the database's clock showed this between the question and the answer; what
is known already stands as long as it agrees with that, so that the wall clock does not tremble with the network.
If the database's clock was set, or another database took its place, the wall clock steps, and the monitor sees it.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from scheduler.clock import Clock, Reading

OFF_MIN_S = 1.0
"""A machine whose own clock differs by more than this from the database's says so."""


class DatabaseClock:
    """A `Clock` whose wall clock is that of a database; until that was read, the machine's own.

    Args:
        own: the machine's clocks.

    Attributes:
        own: the machine's clocks.
        is_set: whether the database's clock was ever read.
    """

    def __init__(self, own: Clock) -> None:
        self.own = own
        self._zero: datetime | None = None

    @property
    def is_set(self) -> bool:
        """Whether the database's clock was read."""
        return self._zero is not None

    def read(self) -> Reading:
        """The readings now."""
        reading = self.own.read()
        if self._zero is None:
            return reading
        return replace(reading, wall=self._zero + timedelta(seconds=reading.boottime_s))

    def set(self, sent: Reading, answered: Reading, wall: datetime) -> None:
        """The database's clock was read.

        Args:
            sent, answered: the machine's own clocks right before the question and right after the answer.
            wall: what the database's clock showed in between; aware.
        """
        earliest = wall - timedelta(seconds=answered.boottime_s)
        latest = wall - timedelta(seconds=sent.boottime_s)
        known = earliest + (latest - earliest) / 2 if self._zero is None else self._zero
        self._zero = min(max(known, earliest), latest)

    def own_off_by_s(self) -> float:
        """How far the machine's own wall clock is ahead of the database's; below zero if it is behind."""
        own = self.own.read()
        if self._zero is None:
            return 0.0
        return (own.wall - self._zero).total_seconds() - own.boottime_s

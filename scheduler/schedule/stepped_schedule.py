"""Schedules whose instants are stepped through in seconds: what they answer follows from stepping and counting."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from itertools import islice

from scheduler.schedule.schedule import Schedule, Summary, epoch_seconds, instant_at


class SteppedSchedule(Schedule, frozen=True):
    """A schedule that lists its instants from either end; hashable, since its answers are remembered."""

    @abstractmethod
    def ascending(self, low_s: int, high_s: int) -> Iterator[int]:
        """The instants in low_s <= utc < high_s, in seconds since 1970, the earliest first."""

    @abstractmethod
    def descending(self, low_s: int, high_s: int) -> Iterator[int]:
        """The same, the latest first."""

    @abstractmethod
    def count(self, low_s: int, high_s: int) -> int:
        """How many there are, without stepping through them."""

    def between(self, after: datetime, until: datetime, limit: int | None = None) -> Iterator[datetime]:
        """The instants x with after < x <= until, ascending, the first `limit` of them."""
        return map(instant_at, islice(self.ascending(*_bounds(after, until)), limit))

    def latest(self, after: datetime, until: datetime, n: int) -> list[datetime]:
        """The last `n` of the instants x with after < x <= until, ascending."""
        found = list(islice(self.descending(*_bounds(after, until)), n))
        return [instant_at(seconds) for seconds in reversed(found)]

    def summary(self, after: datetime, until: datetime) -> Summary:
        """First, last and count of the instants x with after < x <= until.

        The answer is remembered, so that jobs that share an expression and a stretch share the work.
        """
        return _summary(self, *_bounds(after, until))


@lru_cache(maxsize=4096)
def _summary(schedule: SteppedSchedule, low_s: int, high_s: int) -> Summary:
    first_s = next(schedule.ascending(low_s, high_s), None)
    if first_s is None:
        return Summary(None, None, 0)
    last_s = next(schedule.descending(low_s, high_s), first_s)
    return Summary(instant_at(first_s), instant_at(last_s), schedule.count(low_s, high_s))


def _bounds(after: datetime, until: datetime) -> tuple[int, int]:
    """`(after, until]` as whole seconds low <= x < high."""
    return epoch_seconds(after) + 1, epoch_seconds(until) + 1

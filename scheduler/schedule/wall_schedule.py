"""Schedules of wall-clock times in a zone: what daylight saving makes of them, whichever times they are.

Cron's rule, which `scheduler.schedule.cron.schedule` tells, is here once. Fixed times that fall into a gap run at the
first instant after it, and those that come twice run the first time only; other times are left out, or run twice.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from datetime import datetime
from typing import Protocol

import msgspec

from scheduler.schedule.offsets import Stretch, stretches
from scheduler.schedule.schedule import HORIZON_S, epoch_seconds, instant_at
from scheduler.schedule.stepped_schedule import SteppedSchedule


class WallTimes(Protocol):
    """Times that a wall clock shows, in seconds since 1970 as if they were UTC; zones do not matter here."""

    def next_after(self, wall_s: int) -> int | None:
        """The first of the times strictly later than a wall time; None past the horizon."""

    def count(self, low_s: int, high_s: int) -> int:
        """How many of the times lie in low_s <= wall < high_s."""

    def ascending(self, low_s: int, high_s: int) -> Iterator[int]:
        """Those, the earliest first."""

    def descending(self, low_s: int, high_s: int) -> Iterator[int]:
        """Those, the latest first."""

    def any(self, low_s: int, high_s: int) -> bool:
        """Whether there is one."""


class Piece(msgspec.Struct, frozen=True):
    """What a schedule makes of one stretch of constant offset.

    Attributes:
        made_up_s: The first instant after a gap, if skipped times run there; UTC.
        low_s: Beginning of the wall times that count.
        high_s: End of the wall times that count, not included.
        offset_s: What to subtract from a wall time to get UTC.
    """

    made_up_s: int | None
    low_s: int
    high_s: int
    offset_s: int


class WallSchedule(SteppedSchedule, frozen=True):
    """Wall-clock times in a zone."""

    @property
    @abstractmethod
    def wall_times(self) -> WallTimes:
        """The times, wherever clocks are changed."""

    @property
    @abstractmethod
    def fixed_time(self) -> bool:
        """Whether it runs once for each time of day, rather than at intervals that follow elapsed time."""

    @property
    @abstractmethod
    def times_of_day(self) -> WallTimes:
        """The times of day, as if they were those of every day: the date of a change of clocks differs each year."""

    def next_after(self, instant: datetime) -> datetime | None:
        """The first instant strictly later than `instant`; None when there is none before the year 9998."""
        from_s = epoch_seconds(instant) + 1
        times = self.wall_times
        wall_s, wall_valid_from_s = -1, 0
        for stretch in stretches(self.zone, from_s, HORIZON_S):
            piece = self.piece(times, stretch, from_s, stretch.end_s)
            if piece.made_up_s is not None:
                return instant_at(piece.made_up_s)
            if not wall_valid_from_s <= piece.low_s <= wall_s:
                found_s = times.next_after(piece.low_s - 1)
                if found_s is None:
                    return None
                wall_s, wall_valid_from_s = found_s, piece.low_s
            if wall_s < piece.high_s:
                return instant_at(wall_s - piece.offset_s)
        return None

    def ascending(self, low_s: int, high_s: int) -> Iterator[int]:
        """The instants in low_s <= utc < high_s, in seconds since 1970, the earliest first."""
        times = self.wall_times
        for stretch in stretches(self.zone, low_s, high_s):
            piece = self.piece(times, stretch, low_s, high_s)
            if piece.made_up_s is not None:
                yield piece.made_up_s
            for wall_s in times.ascending(piece.low_s, piece.high_s):
                yield wall_s - piece.offset_s

    def descending(self, low_s: int, high_s: int) -> Iterator[int]:
        """The same, the latest first."""
        times = self.wall_times
        for stretch in stretches(self.zone, low_s, high_s, latest_first=True):
            piece = self.piece(times, stretch, low_s, high_s)
            for wall_s in times.descending(piece.low_s, piece.high_s):
                yield wall_s - piece.offset_s
            if piece.made_up_s is not None:
                yield piece.made_up_s

    def count(self, low_s: int, high_s: int) -> int:
        """How many there are, without stepping through them."""
        times = self.wall_times
        count = 0
        for stretch in stretches(self.zone, low_s, high_s):
            piece = self.piece(times, stretch, low_s, high_s)
            count += (piece.made_up_s is not None) + times.count(piece.low_s, piece.high_s)
        return count

    def piece(self, times: WallTimes, stretch: Stretch, low_s: int, high_s: int) -> Piece:
        """The daylight-saving rule: which wall times of a stretch count, cut to low_s <= utc < high_s."""
        wall_low_s = max(stretch.start_s, low_s) + stretch.offset_s
        wall_high_s = min(stretch.end_s, high_s) + stretch.offset_s
        made_up_s = None
        if self.fixed_time:
            begin_s = stretch.start_s + stretch.offset_s
            if stretch.start_s >= low_s and times.any(stretch.wall_seen_s, begin_s):
                made_up_s = stretch.start_s
                # If the schedule also has a time at that very instant, both are one instant.
                wall_low_s = begin_s + 1
            wall_low_s = max(wall_low_s, stretch.wall_seen_s)
        return Piece(made_up_s, wall_low_s, max(wall_low_s, wall_high_s), stretch.offset_s)

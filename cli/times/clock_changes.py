"""When the clocks of a zone are changed."""

from __future__ import annotations

from datetime import datetime, timedelta, tzinfo
from typing import NamedTuple

from scheduler.wording.quantities import show_duration

_STEP = timedelta(days=7)
_MILLISECOND = timedelta(milliseconds=1)
_SECOND = timedelta(seconds=1)


class ClockChange(NamedTuple):
    """A change of a zone's clocks: when (UTC), and by how much they are set forward; negative: back."""

    instant: datetime
    by: timedelta

    @property
    def words(self) -> str:
        """What is done, in words."""
        where = "forward" if self.by > timedelta() else "back"
        return f"clocks go {where} {show_duration(int(abs(self.by) / _MILLISECOND))}"


def clock_changes(begin: datetime, end: datetime, zone: tzinfo) -> list[ClockChange]:
    """Those in a stretch of time, in order; two within one week that undo each other are not seen.

    Args:
        begin, end: aware.
        zone: whose clocks.
    """
    found = []
    at = begin
    while at < end:
        later = min(at + _STEP, end)
        before, after = _offset(at, zone), _offset(later, zone)
        if before != after:
            found.append(ClockChange(_first_with(at, later, before, zone), after - before))
        at = later
    return found


def _first_with(low: datetime, high: datetime, before: timedelta, zone: tzinfo) -> datetime:
    """The first whole second in `low` to `high` at which the offset is no longer `before`."""
    low = low.replace(microsecond=0)
    while high - low > _SECOND:
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if _offset(middle, zone) == before:
            low = middle
        else:
            high = middle
    return high


def _offset(instant: datetime, zone: tzinfo) -> timedelta:
    return instant.astimezone(zone).utcoffset() or timedelta()

"""Several cron expressions of one job: the union of their instants, each by its own rule for changes of clocks."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from scheduler.schedule.cron.pattern_union import PatternUnion, once
from scheduler.schedule.cron.schedule import CronSchedule, parse_cron
from scheduler.schedule.offsets import stretches
from scheduler.schedule.stepped_schedule import SteppedSchedule

SEPARATOR = "; "
"""What stands between the expressions where they are shown as one text."""


class SeveralSchedules(SteppedSchedule, frozen=True):
    """The union of the instants of cron schedules in one zone; an instant that several have is one.

    >>> parse_several(("0 2 * * mon-fri", "0 6 * * sat")).describe()
    'at 02:00 on Monday to Friday, and also at 06:00 on Saturday'
    """

    members: tuple[CronSchedule, ...]

    def next_after(self, instant: datetime) -> datetime | None:
        """The first instant strictly later than `instant`; None if no member has one."""
        found = (member.next_after(instant) for member in self.members)
        return min((each for each in found if each is not None), default=None)

    def describe(self) -> str:
        """All of them in words."""
        return ", and also ".join(member.describe() for member in self.members)

    def source(self) -> str:
        """The expressions as they were written."""
        return SEPARATOR.join(member.source() for member in self.members)

    def ascending(self, low_s: int, high_s: int) -> Iterator[int]:
        """The instants in low_s <= utc < high_s, in seconds since 1970, the earliest first."""
        return once(heapq.merge(*(member.ascending(low_s, high_s) for member in self.members)))

    def descending(self, low_s: int, high_s: int) -> Iterator[int]:
        """The same, the latest first."""
        every = (member.descending(low_s, high_s) for member in self.members)
        return once(heapq.merge(*every, reverse=True))

    def count(self, low_s: int, high_s: int) -> int:
        """How many there are, without stepping through them."""
        fixed, *others = _kinds(self)
        flowing = others[0] if others else fixed
        every = PatternUnion([member.wall_times for member in self.members]) if others else fixed.times
        total = 0
        for stretch in stretches(self.zone, low_s, high_s):
            at_fixed = fixed.member.piece(fixed.times, stretch, low_s, high_s)
            at_flowing = flowing.member.piece(flowing.times, stretch, low_s, high_s)
            begin_s = at_flowing.low_s
            if at_fixed.made_up_s is not None:
                total += 1
                # What flows may have a time at that very instant: both are one.
                begin_s = max(begin_s, at_fixed.made_up_s + at_fixed.offset_s + 1)
            # In a stretch fixed times never begin to count before those that flow.
            shared_s = min(max(at_fixed.low_s, begin_s), at_flowing.high_s)
            total += flowing.times.count(begin_s, shared_s) if shared_s > begin_s else 0
            total += every.count(shared_s, at_flowing.high_s) if at_flowing.high_s > shared_s else 0
        return total


@lru_cache(maxsize=4096)
def parse_several(expressions: tuple[str, ...], timezone: str = "UTC") -> SeveralSchedules:
    """The schedule that several cron expressions mean together.

    Raises:
        ScheduleError: One of them is no cron expression or never comes, or the zone does not exist.
    """
    return SeveralSchedules(timezone, tuple(parse_cron(each, timezone) for each in expressions))


class _Kind(NamedTuple):
    """The members that changes of clocks affect alike: one of them, and the wall times of all."""

    member: CronSchedule
    times: PatternUnion


@lru_cache(maxsize=1024)
def _kinds(schedule: SeveralSchedules) -> list[_Kind]:
    """Members with fixed times, then those that flow."""
    found = []
    for fixed_time in (True, False):
        alike = [member for member in schedule.members if member.fixed_time is fixed_time]
        if alike:
            found.append(_Kind(alike[0], PatternUnion([member.wall_times for member in alike])))
    return found

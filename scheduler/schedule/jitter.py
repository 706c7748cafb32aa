"""Jitter: a schedule whose every instant comes a fixed time later, so that jobs of one time do not start together.

The offset is the same for each instant of a job, for ever: it is made of the ledger's id and the job's name. So a
job keeps its own time, jobs of one expression are spread, and anybody who has the ledger can compute it again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from functools import lru_cache

from scheduler.schedule.cron.schedule import CronSchedule
from scheduler.schedule.cron.several import SeveralSchedules
from scheduler.schedule.cron.wall_pattern import MINUTES_OF_DAY
from scheduler.schedule.duration import format_duration
from scheduler.schedule.every import EverySchedule
from scheduler.schedule.every_days import EveryDaysSchedule
from scheduler.schedule.schedule import Schedule, Summary

JITTER_MAX = timedelta(days=7)
# 1 January 2024 and 28 years from there, in days since 1970: each date of a year comes on each day of the week.
_YEARS = (19_723, 19_723 + 28 * 1_461 // 4)


def jitter_offset_ms(ledger: str, job: str, jitter_ms: int | None) -> int:
    """How much later than its times a job runs, in milliseconds: whole seconds, from 0 to its jitter.

    Args:
        ledger: id of the ledger; empty: there is none yet, and the offset is 0 until there is.
        job: name of the job.
        jitter_ms: the most that it may be; None: no jitter.
    """
    if not jitter_ms or not ledger:
        return 0
    drawn = int.from_bytes(hashlib.sha256(f"{ledger}\0{job}".encode()).digest()[:8], "big")
    return (drawn * (jitter_ms // 1_000 + 1) >> 64) * 1_000


class JitteredSchedule(Schedule, frozen=True):
    """Each instant of another schedule, later by the same time.

    Attributes:
        zone: that of `nominal`.
        nominal: the schedule as it is written.
        offset: how much later, whole seconds.
    """

    nominal: Schedule
    offset: timedelta

    def next_after(self, instant: datetime) -> datetime | None:
        """The first instant strictly later than `instant`."""
        found = self.nominal.next_after(instant - self.offset)
        return None if found is None else found + self.offset

    def between(self, after: datetime, until: datetime, limit: int | None = None) -> Iterator[datetime]:
        """The instants x with after < x <= until, ascending, the first `limit` of them."""
        found = self.nominal.between(after - self.offset, until - self.offset, limit)
        return (each + self.offset for each in found)

    def latest(self, after: datetime, until: datetime, n: int) -> list[datetime]:
        """The last `n` of the instants x with after < x <= until, ascending."""
        found = self.nominal.latest(after - self.offset, until - self.offset, n)
        return [each + self.offset for each in found]

    def summary(self, after: datetime, until: datetime) -> Summary:
        """First, last and count of the instants x with after < x <= until."""
        first, last, count = self.nominal.summary(after - self.offset, until - self.offset)
        return Summary(first and first + self.offset, last and last + self.offset, count)

    def describe(self) -> str:
        """The schedule in words, such as "every day at 02:00, and 7m13s later (jitter)"."""
        return f"{self.nominal.describe()}, and {format_duration(self.offset)} later (jitter)"

    def source(self) -> str:
        """The schedule as the person wrote it."""
        return self.nominal.source()


def jitter_fault(jitter: timedelta, schedule: Schedule) -> str | None:
    """Why the instants of a schedule cannot have this jitter; None if they can."""
    told = f"jitter of {format_duration(jitter)} is too long"
    if jitter > JITTER_MAX:
        return f"{told}: it is at most {format_duration(JITTER_MAX)}"
    gap = shortest_gap(schedule)
    if gap is None or jitter < gap:
        return None
    return f"{told}: from one run to the next it may be only {format_duration(gap)}, and jitter is less than that"


@lru_cache(maxsize=4096)
def shortest_gap(schedule: Schedule) -> timedelta | None:
    """The shortest time from one instant of a schedule to the next, changes of clocks left aside.

    None if there are not two of them, or if that is not known of such a schedule.
    """
    if isinstance(schedule, EverySchedule):
        return timedelta(seconds=schedule.interval_s)
    if isinstance(schedule, EveryDaysSchedule):
        return timedelta(days=schedule.days)
    if isinstance(schedule, CronSchedule):
        return _shortest([schedule])
    return _shortest(schedule.members) if isinstance(schedule, SeveralSchedules) else None


def _shortest(members: list[CronSchedule] | tuple[CronSchedule, ...]) -> timedelta | None:
    """The shortest gap between the times of several expressions: that of two times of one of them, or of any two."""
    times = [(member.wall_times.minutes, _days(member)) for member in members]
    found: list[int] = []
    for index, (minutes, days) in enumerate(times):
        for other_minutes, other_days in times[index:]:
            if days & other_days:
                found += _within_a_day(minutes | other_minutes)
            found += _between_days(minutes, days, other_minutes, other_days)
            found += _between_days(other_minutes, other_days, minutes, days)
    return timedelta(minutes=min(found)) if found else None


def _days(member: CronSchedule) -> int:
    """The days of many years on which a cron expression has times, as bits."""
    first_day, end_day = _YEARS
    days = 0
    for new_year, mask in member.wall_times.day_masks(first_day, end_day):
        days |= mask << (new_year - first_day)
    return days


def _within_a_day(minutes: int) -> list[int]:
    """The shortest distance of two bits, if there are two."""
    distances = range(1, MINUTES_OF_DAY)
    return [next(each for each in distances if minutes & minutes >> each)] if minutes & (minutes - 1) else []


def _between_days(minutes: int, days: int, next_minutes: int, next_days: int) -> list[int]:
    """From the last time of a day to the first one of a later day, where these are nearest."""
    low = (next_minutes & -next_minutes).bit_length() - 1
    high = minutes.bit_length() - 1
    apart = next((each for each in range(1, days.bit_length() + 1) if days & next_days >> each), None)
    return [] if apart is None else [apart * MINUTES_OF_DAY + low - high]

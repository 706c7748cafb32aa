"""The clock monitor: it notices time that passed while the scheduler did not watch. Pure rules over clock readings.

Each look is compared with the one before. If the wall clock moved further or less far than the boot-time clock, the
wall clock was set. If the boot-time clock moved further than the monotonic clock, the machine slept. If the monotonic
clock moved much further than planned, this process was held up.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from eventstore.store import Event
from scheduler import vocabulary as v
from scheduler.clock import Reading
from scheduler.entry_members import MisfireReason

STEP_MIN_S = 1.0
"""Smaller disagreements are the slewing of network time, and rounding."""
STALL_MIN_S = 10.0
"""A loop whose next turn begins this much later than planned was held up."""


class TimeGap(NamedTuple):
    """Time that the scheduler did not watch, from the last look to this one."""

    reason: MisfireReason
    by_s: float
    before: datetime
    after: datetime
    boottime_s: float

    def event(self) -> Event | None:
        """The `clock.stepped` that records it; None for a mere stall."""
        if self.reason == "stall":
            return None
        payload = v.ClockStepped(
            kind="suspend" if self.reason == "suspend" else "step",
            by_ms=round(self.by_s * 1000),
            before=self.before,
            after=self.after,
            boottime_ms=round(self.boottime_s * 1000),
        )
        return v.event(payload, v.SCHEDULER)


class ClockMonitor:
    """Remembers the last look at the clocks."""

    def __init__(self, now: Reading) -> None:
        self._last = now
        self._rest_until_s = now.monotonic_s

    def rest(self, until_s: float) -> None:
        """Note that nothing is due before this monotonic second: a loop that sleeps until then is not held up."""
        self._rest_until_s = until_s

    def look(self, now: Reading) -> TimeGap | None:
        """Compare with the last look; a gap if the clock was set, the machine slept or this process was held up."""
        last, self._last = self._last, now
        wall_s = (now.wall - last.wall) / timedelta(seconds=1)
        boot_s = now.boottime_s - last.boottime_s
        awake_s = now.monotonic_s - last.monotonic_s
        if abs(wall_s - boot_s) >= STEP_MIN_S:
            return TimeGap("clock_step", wall_s - boot_s, last.wall, now.wall, now.boottime_s)
        if boot_s - awake_s >= STEP_MIN_S:
            return TimeGap("suspend", boot_s - awake_s, last.wall, now.wall, now.boottime_s)
        held_up_s = now.monotonic_s - max(last.monotonic_s, self._rest_until_s)
        if held_up_s >= STALL_MIN_S:
            return TimeGap("stall", held_up_s, last.wall, now.wall, now.boottime_s)
        return None

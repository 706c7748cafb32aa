"""The clock: one method, three readings taken together."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import NamedTuple, Protocol

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Reading(NamedTuple):
    """What the clocks say at one moment.

    Attributes:
        wall: UTC wall clock; people and network time may set it.
        monotonic_s: seconds that only pass while the machine is awake.
        boottime_s: seconds that also pass while it sleeps.
    """

    wall: datetime
    monotonic_s: float
    boottime_s: float


class Clock(Protocol):
    """Where the scheduler gets the time from; driven by hand in tests."""

    def read(self) -> Reading:
        """The readings now."""
        ...


class SystemClock:
    """The machine's clocks."""

    def read(self) -> Reading:
        """The readings now."""
        wall_ns = time.time_ns()
        return Reading(
            _EPOCH + timedelta(microseconds=wall_ns // 1000),
            time.monotonic(),
            time.clock_gettime(time.CLOCK_BOOTTIME),
        )

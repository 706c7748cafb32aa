"""The clock: one method, three readings taken together; `system_clock` reads the machine's."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec


class Reading(msgspec.Struct, frozen=True):
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

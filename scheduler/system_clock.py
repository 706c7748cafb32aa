"""The machine's clocks."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

from scheduler.clock import Reading

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SystemClock:
    """Reads the clocks of the machine that it runs on."""

    def read(self) -> Reading:
        """The readings now."""
        wall_ns = time.time_ns()
        return Reading(
            _EPOCH + timedelta(microseconds=wall_ns // 1000),
            time.monotonic(),
            time.clock_gettime(time.CLOCK_BOOTTIME),
        )

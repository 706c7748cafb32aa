"""Facts about the scheduler itself: when nothing watched, and what its clock did."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from scheduler.explanation.facts.fact import Fact


class SchedulerDowntime(Fact, frozen=True, tag="scheduler_down"):
    """No scheduler was running.

    Attributes:
        how: `never`: no scheduler had ever run. `stopped`: it stopped in an orderly way, for `reason`. `died`: it
            ended without an entry.
        since: when the scheduler stopped; if it died, its last entry's time; None for `never`.
        until: when the next scheduler started; None if none has.
        later: the scheduler was running at the instant but did not see it, and died before it had settled it. Another
            fact says why it did not see it, if that is on record.
    """

    how: Literal["never", "stopped", "died"]
    since: datetime | None = None
    reason: str = ""
    until: datetime | None = None
    later: bool = False


class ClockStep(Fact, frozen=True, tag="clock_stepped"):
    """The clock was set, or the machine slept; `unwatched`: it was set back while no scheduler was running.

    `by_ms` is positive for a jump ahead. Wall time went from `before` to `after`; for `unwatched`, these are the
    times of two entries.
    """

    cause: Literal["step", "suspend", "unwatched"]
    by_ms: int
    before: datetime
    after: datetime


class SchedulerPause(Fact, frozen=True, tag="ledger_paused"):
    """The ledger could not be written (a full disk), so nothing was started; `until` is None while that goes on."""

    since: datetime | None
    reason: str
    until: datetime | None = None

"""Whether the wall clock can be trusted for actions that cannot be undone. Pure rules over what is on record.

Jobs that delete judge age by the wall clock. A clock that is years ahead for seconds makes everything look old.
The boot clock, which nobody can set, bounds how much time can have passed since an entry of the same boot. A step
ahead is believed once it has lasted for `HELD_FOR`; until then nothing is deleted by that clock.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

AHEAD_MIN = timedelta(hours=1)
"""A smaller step ahead is the ordinary correction of a clock that was slow."""
OFF_MAX = timedelta(days=31)
"""A machine may be off, or a home unused, for this long; a longer gap counts as unexplained time."""
BEHIND_MIN = timedelta(minutes=1)
"""A smaller difference is the slewing of network time, and rounding."""
HELD_FOR = timedelta(hours=24)
"""A step ahead must have lasted this long on the boot clock before anything is deleted by the new wall time."""


class ClockMark(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The readings of the clocks at a recorded moment, and the part of the time before it that nothing explains.

    Attributes:
        time: the wall clock.
        boot_id: the boot since which `boottime_ms` counts.
        boottime_ms: the boot clock, which nobody can set.
        unexplained: how much further the wall clock went than time can have passed, as far as that is known.
        since_ms: the boot clock when the wall clock went ahead.
    """

    time: datetime
    boot_id: str
    boottime_ms: int
    unexplained: timedelta = timedelta(0)
    since_ms: int = 0

    def with_unexplained(self, unexplained: timedelta, since_ms: int | None = None) -> ClockMark:
        """The same mark with another `unexplained`, which counts from `since_ms`, or from the mark itself if None."""
        since_ms = self.boottime_ms if since_ms is None else since_ms
        return ClockMark(self.time, self.boot_id, self.boottime_ms, unexplained, since_ms)


def mark_at_start(previous: ClockMark | None, newest: datetime, now: ClockMark) -> ClockMark:
    """The mark of a scheduler that starts, with the part of the time since the newest entry that nothing explains.

    Args:
        previous: the mark before; newest: time of the newest entry before.
        now: the readings at the start.
    """
    unexplained = unexplained_ahead(previous, newest, now)
    if unexplained > timedelta(0):
        return now.with_unexplained(unexplained)
    if previous is not None and previous.boot_id == now.boot_id and doubtful(previous, now):
        return now.with_unexplained(previous.unexplained, previous.since_ms)
    return now


def mark_after_step(previous: ClockMark | None, by: timedelta, now: ClockMark) -> ClockMark:
    """The mark after the clock was set by `by`; a step back ends the doubt about an earlier step ahead."""
    if by >= AHEAD_MIN:
        return now.with_unexplained(by)
    if by > timedelta(0) and previous is not None and doubtful(previous, now):
        return now.with_unexplained(previous.unexplained, previous.since_ms)
    return now


def unexplained_ahead(mark: ClockMark | None, newest: datetime, now: ClockMark) -> timedelta:
    """How far the clock is ahead of the time that can have passed; zero if it is not ahead.

    During the boot of the mark, the boot clock says how much time has passed. Across a reboot, nobody knows how long
    the machine was off.
    """
    if mark is not None and mark.boot_id == now.boot_id:
        ahead = now.time - mark.time - timedelta(milliseconds=now.boottime_ms - mark.boottime_ms)
        return ahead if ahead >= AHEAD_MIN else timedelta(0)
    gap = now.time - newest - timedelta(milliseconds=now.boottime_ms)
    return gap if gap >= OFF_MAX else timedelta(0)


def doubtful(mark: ClockMark, now: ClockMark) -> bool:
    """Whether a step ahead, or unexplained time, is too fresh to be believed."""
    held = timedelta(milliseconds=now.boottime_ms - mark.since_ms)
    return mark.boot_id == now.boot_id and mark.unexplained > timedelta(0) and held < HELD_FOR


def why_not_delete(
    mark: ClockMark | None, newest: datetime, now: ClockMark, began: datetime | None = None
) -> str | None:
    """Why nothing may be deleted by this clock, as a sentence; None if the ledger does not contradict it.

    Args:
        mark: the newest mark on record.
        newest: time of the newest entry that is older than the run that wants to delete.
        now: the readings now.
        began: when that run began by the clock that several nodes share; None where there is none.
    """
    if began is not None and now.time - began >= AHEAD_MIN:
        return (
            f"the clock says {_shown(now.time)}, and by the one that all nodes share this run began at"
            f" {_shown(began)}"
        )
    if newest - now.time >= BEHIND_MIN:
        return f"the clock is behind the ledger, whose last entry before this run is of {_shown(newest)}"
    ahead = unexplained_ahead(mark, newest, now)
    if ahead > timedelta(0):
        return (
            f"the clock says {_shown(now.time)}, which is {_span(ahead)} more than can have passed since what is on"
            f" record: the last entry before this run is of {_shown(newest)}"
        )
    if mark is not None and doubtful(mark, now):
        return (
            f"the clock went {_span(mark.unexplained)} ahead at {_shown(mark.time)}: that is believed once it has"
            f" lasted for {_span(HELD_FOR)}"
        )
    return None


def _shown(instant: datetime) -> str:
    return instant.strftime("%Y-%m-%d %H:%M:%S UTC")


def _span(time: timedelta) -> str:
    hours = round(time / timedelta(hours=1))
    return f"{hours // 24:,} days" if hours >= 48 else f"{hours} hours"

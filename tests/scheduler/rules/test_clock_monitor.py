"""Which gaps the clock monitor sees between two looks at three clocks, and what it records of them."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler import vocabulary as v
from scheduler.clock import Reading
from scheduler.entry_members import MisfireReason
from scheduler.rules.clock_monitor import STALL_MIN_S, ClockMonitor, TimeGap
from tests.support.world import BEGIN

FIRST = Reading(BEGIN, 1_000.0, 5_000.0)


def later(wall_s: float, awake_s: float, boot_s: float) -> Reading:
    """The clocks after each has moved by so much."""
    return Reading(BEGIN + timedelta(seconds=wall_s), 1_000.0 + awake_s, 5_000.0 + boot_s)


@pytest.mark.parametrize(
    ("wall_s", "awake_s", "boot_s", "seen"),
    [
        (4.0, 4.0, 4.0, None),
        (4.5, 4.0, 4.5, None),
        (4.75, 4.0, 4.0, None),
        (5.0, 4.0, 4.0, ("clock_step", 1.0)),
        (3.0, 4.0, 4.0, ("clock_step", -1.0)),
        (-3_596.0, 4.0, 4.0, ("clock_step", -3_600.0)),
        (8.0, 4.0, 6.0, ("clock_step", 2.0)),
        (5.0, 4.0, 5.0, ("suspend", 1.0)),
        (64.0, 4.0, 64.0, ("suspend", 60.0)),
        (STALL_MIN_S - 0.5, STALL_MIN_S - 0.5, STALL_MIN_S - 0.5, None),
        (STALL_MIN_S, STALL_MIN_S, STALL_MIN_S, ("stall", STALL_MIN_S)),
    ],
)
def test_a_gap_is_known_by_the_clocks_that_disagree(
    wall_s: float, awake_s: float, boot_s: float, seen: tuple[MisfireReason, float] | None
) -> None:
    """A second is a gap, less is none; a clock that was set says more than a sleep, and a sleep more than a stall."""
    now = later(wall_s, awake_s, boot_s)
    gap = ClockMonitor(FIRST).look(now)
    wanted = None if seen is None else TimeGap(*seen, before=BEGIN, after=now.wall, boottime_s=now.boottime_s)
    assert gap == wanted


def test_each_look_is_compared_with_the_one_before() -> None:
    """A gap is seen once."""
    monitor = ClockMonitor(FIRST)
    assert monitor.look(later(100.0, 4.0, 4.0)) is not None
    assert monitor.look(later(104.0, 8.0, 8.0)) is None


def test_who_has_nothing_to_do_is_not_held_up() -> None:
    """The time until the next thing is due is a rest; only what comes after it counts."""
    monitor = ClockMonitor(FIRST)
    monitor.rest(1_100.0)
    assert monitor.look(later(109.0, 109.0, 109.0)) is None
    monitor.rest(1_200.0)
    gap = monitor.look(later(212.0, 212.0, 212.0))
    assert gap is not None
    assert (gap.reason, gap.by_s) == ("stall", 12.0)


@pytest.mark.parametrize(("reason", "kind"), [("clock_step", "step"), ("suspend", "suspend")])
def test_a_step_and_a_suspend_are_recorded_with_all_that_is_known(reason: MisfireReason, kind: str) -> None:
    """By how much, from when to when, and how old the boot was; a stall is no news about the clock."""
    gap = TimeGap(reason, 1.2346, BEGIN, BEGIN + timedelta(seconds=9), 5_004.0004)
    event = gap.event()
    assert event is not None
    assert event.actor == v.SCHEDULER
    assert event.data == v.ClockStepped(
        kind=kind,  # type: ignore[arg-type]
        by_ms=1_235,
        before=BEGIN,
        after=BEGIN + timedelta(seconds=9),
        boottime_ms=5_004_000,
    )
    assert gap._replace(reason="stall").event() is None

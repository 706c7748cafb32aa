"""What deletes does not go by a clock that the ledger contradicts."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler import vocabulary as v
from scheduler.definition import JobDefinition
from scheduler.rules.clock_trust import ClockMark, mark_after_step, mark_at_start, why_not_delete
from tests.support.world import BEGIN, World

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
YEARS = 3_650 * DAY
BOOT = ClockMark(BEGIN, "boot", 1_000_000)


def later(mark: ClockMark, passed: timedelta, ahead: timedelta = timedelta(0), boot: str = "") -> ClockMark:
    """The readings after some time, with the clock set ahead by so much; on another boot, of an hour's age."""
    time = mark.time + passed + ahead
    if boot:
        return ClockMark(time, boot, 3_600_000)
    return ClockMark(time, mark.boot_id, mark.boottime_ms + passed // timedelta(milliseconds=1))


def test_time_that_passed_on_the_boot_clock_is_believed() -> None:
    """A year of quiet, with the machine on: the ledger is old, and nothing is wrong."""
    assert why_not_delete(BOOT, BEGIN, later(BOOT, 365 * DAY)) is None


def test_a_clock_that_went_further_than_the_boot_clock_is_not() -> None:
    """It was set ahead, and nobody has recorded that yet."""
    refused = why_not_delete(BOOT, BEGIN, later(BOOT, HOUR, ahead=YEARS))
    assert refused is not None
    assert "3,650 days more than can have passed" in refused
    assert str(BEGIN.date()) in refused


@pytest.mark.parametrize(
    ("ahead", "believed"), [(HOUR - timedelta(milliseconds=1), True), (HOUR, False), (2 * HOUR, False)]
)
def test_an_hour_ahead_is_too_much(ahead: timedelta, believed: bool) -> None:
    """Less is time that an ordinary clock had lost."""
    assert (why_not_delete(BOOT, BEGIN, later(BOOT, HOUR, ahead=ahead)) is None) is believed


@pytest.mark.parametrize(("ahead", "believed"), [(HOUR - timedelta(milliseconds=1), True), (HOUR, False)])
def test_a_node_whose_clock_is_ahead_of_the_one_that_all_share_is_not(
    ahead: timedelta, believed: bool
) -> None:
    """That one says when the run began that wants to delete; of what the machine was before nothing is on record."""
    refused = why_not_delete(None, BEGIN, later(BOOT, ahead, boot="other"), BEGIN)
    assert (refused is None) is believed


def test_a_clock_that_is_behind_the_ledger_is_not() -> None:
    """The newest entry is of tomorrow."""
    refused = why_not_delete(BOOT, BEGIN + DAY, later(BOOT, HOUR))
    assert refused is not None
    assert "behind the ledger" in refused


def test_a_step_ahead_is_believed_once_it_has_lasted_for_a_day() -> None:
    """A machine that starts in 1970 and then learns the date deletes a day later; a slip of seconds never counts."""
    mark = mark_after_step(BOOT, YEARS, later(BOOT, HOUR, ahead=YEARS))
    for passed, believed in ((timedelta(0), False), (DAY - timedelta(milliseconds=1), False), (DAY, True)):
        now = later(mark, passed)
        assert (why_not_delete(mark, mark.time, now) is None) is believed


@pytest.mark.parametrize(
    ("ahead", "told"), [(47 * HOUR, "47 hours"), (48 * HOUR, "2 days"), (YEARS, "3,650 days")]
)
def test_a_long_time_is_told_in_days(ahead: timedelta, told: str) -> None:
    """From two days on."""
    refused = why_not_delete(BOOT, BEGIN, later(BOOT, HOUR, ahead=ahead))
    assert refused is not None
    assert f"which is {told} more" in refused


def test_a_step_back_ends_the_doubt() -> None:
    """What was ahead is right again."""
    ahead = mark_after_step(BOOT, YEARS, later(BOOT, HOUR, ahead=YEARS))
    back = mark_after_step(ahead, -YEARS, later(BOOT, HOUR))
    assert why_not_delete(back, back.time, later(back, HOUR)) is None


def test_a_small_step_ahead_does_not_end_the_doubt_about_a_great_one() -> None:
    """The scheduler records both; what the first one made doubtful stays so for its day, and no longer."""
    world = World(JobDefinition(name="other", schedule="0 3 * * *", command=["true"]))
    world.start()
    for by in (YEARS, timedelta(minutes=10)):
        world.run(60)
        world.clock.step(by.total_seconds())
    world.run(60)
    assert len(world.entries(v.ClockStepped)) == 2
    for passed, believed in ((HOUR, False), (DAY, True)):
        mark = world.state.clock
        assert mark is not None
        assert (why_not_delete(mark, mark.time, later(mark, passed)) is None) is believed


def test_a_restart_of_the_scheduler_does_not_make_a_wrong_clock_right() -> None:
    """On the same boot, the doubt stays until the day is over."""
    ahead = mark_after_step(BOOT, YEARS, later(BOOT, HOUR, ahead=YEARS))
    again = mark_at_start(ahead, ahead.time, later(ahead, HOUR))
    assert why_not_delete(again, again.time, later(again, HOUR)) is not None
    assert why_not_delete(again, again.time, later(again, 23 * HOUR)) is None
    assert why_not_delete(again, again.time, later(again, DAY)) is None


def test_a_clock_that_was_set_while_no_scheduler_ran_is_in_doubt() -> None:
    """The start of the next one says so, by the boot clock."""
    mark = mark_at_start(BOOT, BEGIN, later(BOOT, HOUR, ahead=YEARS))
    assert why_not_delete(mark, mark.time, later(mark, HOUR)) is not None


@pytest.mark.parametrize(
    ("off", "believed"),
    [(3 * DAY, True), (31 * DAY + HOUR / 2, True), (31 * DAY + HOUR, False), (YEARS, False)],
)
def test_a_machine_may_have_been_off_for_a_while(off: timedelta, believed: bool) -> None:
    """Over a boot nobody knows: a weekend is nothing, a month waits for a day. The time on does not count."""
    mark = mark_at_start(BOOT, BEGIN, later(BOOT, off, boot="next"))
    assert (why_not_delete(mark, mark.time, later(mark, HOUR)) is None) is believed
    assert why_not_delete(mark, mark.time, later(mark, 2 * DAY)) is None


def test_what_deletes_is_not_caught_up_into_a_clock_step() -> None:
    """The clock is ten years ahead for seconds: the cleanup misfires, another job catches up as its policy says."""
    cleanup = JobDefinition(name="log-cleanup", schedule="0 3 * * *")
    other = JobDefinition(name="other", schedule="0 3 * * *", command=["true"])
    world = World(cleanup, other)
    world.start()
    world.run(3_600)
    world.clock.step(YEARS.total_seconds())
    world.run(10)
    assert world.told("log-cleanup")[-1].endswith("run 0 (clock_step)")
    assert not [entry for entry in world.entries(v.RunStarted) if entry.job == "log-cleanup"]
    assert [entry for entry in world.entries(v.RunStarted) if entry.job == "other"]


def test_a_missed_cleanup_is_caught_up_after_a_restart() -> None:
    """Only a step of the clock is no reason; what a stopped scheduler missed is."""
    world = World(JobDefinition(name="log-cleanup", schedule="0 3 * * *"))
    world.start()
    world.run(60)
    world.crash()
    world.clock.pass_(86_400)
    world.start()
    world.run(10)
    assert [entry for entry in world.entries(v.RunStarted) if entry.job == "log-cleanup"]

"""Remarks on what is legal and surprising in a cron expression."""

from __future__ import annotations

import pytest

from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.lint import lint
from scheduler.schedule.schedule import Schedule


@pytest.mark.parametrize(
    ("schedule", "code", "words"),
    [
        (parse_cron("0 0 13 * 5"), "day-or-weekday", "matches when either does"),
        (parse_cron("0 9 */2 * 1"), "day-and-weekday", "must both match"),
        (parse_cron("0 9 1-7 * */2"), "day-and-weekday", "day of week field begins with '*'"),
        (
            parse_cron("*/7 * * * *"),
            "uneven-step",
            "gap is 4 minutes, not 7; for an even interval write 'every: 7m'",
        ),
        (parse_cron("*/40 * * * *"), "uneven-step", "last gap is 20 minutes, not 40"),
        (parse_cron("0 */5 * * *"), "uneven-step", "last gap is 4 hours, not 5"),
        (parse_cron("0 0 */2 * *"), "uneven-step", "after day 31 the next is day 1"),
        (
            parse_cron("* 2 * * *"),
            "every-minute-of-hour",
            "once a minute; to run once at the hour write '0 2 * * *'",
        ),
        (parse_cron("* 2,3 * * *"), "every-minute-of-hour", "each of those 2 hours"),
        (
            parse_cron("0 0 31 * *"),
            "short-months",
            "day 31 skips months that are shorter: Feb, Apr, Jun, Sep, Nov",
        ),
        (parse_cron("0 0 30 * *"), "short-months", "Feb"),
        (parse_cron("0 0 29 * *"), "short-months", "Feb except in leap years"),
        (parse_cron("0 0 29 2 *"), "leap-day", "leap years only"),
        (
            parse_cron("30 2 * * *", "Europe/Paris"),
            "skipped-time",
            "runs once, at 03:00, right after the gap",
        ),
        (parse_cron("30 2 * * *", "Europe/Paris"), "repeated-time", "runs the first time only"),
        (
            parse_cron("*/30 2 * * *", "Europe/Paris"),
            "skipped-time",
            "does not run at the times that are skipped",
        ),
        (parse_cron("*/30 2 * * *", "Europe/Paris"), "repeated-time", "runs both times"),
        (parse_cron("15 */2 * * *", "Europe/Paris"), "skipped-time", "02:15 does not exist"),
        (parse_cron("15 */2 * * *", "Europe/Paris"), "repeated-time", "runs both times"),
        (parse_cron("0 0 * * *", "America/Havana"), "skipped-time", "00:00 does not exist"),
        (parse_cron("0 16-23/24 * * *"), "step-past-end", "of these values only 16 matches"),
        (parse_cron("0 7-7/2 * * *"), "step-past-end", "of these values only 7 matches"),
        (parse_cron("0 9 */100,1-7 * MON"), "step-past-end", "of these values only 1 matches"),
        (parse_cron("0 9 */100,1-7 * MON"), "day-and-weekday", "must both match"),
        (parse_cron("0 0 */45 * *"), "step-past-end", "of these values only 1 matches"),
        (parse_cron("007 0 * * *"), "leading-zeros", "'007' is read as 7"),
        (parse_cron("0 0 31 2 1"), "day-never-comes", "no day 31 in Feb, so only the day of week decides"),
        (parse_cron("0 0 31 4,6 1"), "day-never-comes", "no day 31 in Apr or Jun"),
    ],
)
def test_a_surprise_is_told(schedule: Schedule, code: str, words: str) -> None:
    """Each legal but surprising schedule gets a remark that says what will happen."""
    assert any(words in remark.message for remark in lint(schedule) if remark.code == code)


@pytest.mark.parametrize(
    ("expression", "codes"),
    [
        ("30 2 29 3 *", {"skipped-time"}),
        ("30 2 25-31 10 *", {"repeated-time"}),
        ("30 2 1 1,7 *", set()),
        ("30 2 * * 0", {"skipped-time", "repeated-time"}),
        ("30 2 * * 3", set()),
    ],
)
def test_a_change_of_clocks_is_told_where_it_may_meet_the_schedule(expression: str, codes: set[str]) -> None:
    """In Paris they go forward on a Sunday of March and back on one of October; by the rule the day varies."""
    found = {remark.code for remark in lint(parse_cron(expression, "Europe/Paris"))}
    assert found & {"skipped-time", "repeated-time"} == codes


@pytest.mark.parametrize(
    "schedule",
    [
        parse_cron("0 2 * * *"),
        parse_cron("0 3 * * 0"),
        parse_cron("00 03 * * */7"),
        parse_cron("*/5 * * * *"),
        parse_cron("0 */6 * * *", "Europe/Paris"),
        parse_cron("* * * * *", "Europe/Paris"),
        parse_cron("0 12 * * 1-5", "Europe/Paris"),
        parse_cron("30 2 * * *", "Asia/Kathmandu"),
        parse_cron("0 0 31 1,3,5 *"),
    ],
)
def test_an_ordinary_schedule_gets_no_remark(schedule: Schedule) -> None:
    """Schedules that do what they seem to do are left alone."""
    assert lint(schedule) == []


def test_a_leap_day_is_not_spoken_of_where_none_is_meant() -> None:
    """31 February beside a weekday has nothing to do with leap years; 29 February has."""
    assert {remark.code for remark in lint(parse_cron("0 0 31 2 1"))} == {"day-or-weekday", "day-never-comes"}
    assert {remark.code for remark in lint(parse_cron("0 0 29 2 1"))} == {"day-or-weekday", "leap-day"}


def test_a_step_past_the_end_is_not_called_uneven() -> None:
    """It has one value, so there is no gap to speak of."""
    codes = {remark.code for remark in lint(parse_cron("0 0 */45 * *"))}
    assert codes == {"step-past-end"}


@pytest.mark.parametrize(
    ("expression", "interval"),
    [
        ("*/7 * * * *", "every: 7m"),
        ("0 */5 * * *", "every: 5h"),
        ("*/7 9-17 * * *", ""),
        ("30 */5 * * *", ""),
    ],
)
def test_an_interval_is_offered_only_where_nothing_is_lost(expression: str, interval: str) -> None:
    """An interval knows neither office hours nor days, so it stands for an expression without them."""
    (told,) = [remark.message for remark in lint(parse_cron(expression)) if remark.code == "uneven-step"]
    assert ("write 'every" in told) == bool(interval)
    assert interval in told

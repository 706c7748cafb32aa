"""Remarks on what is legal and surprising."""

from __future__ import annotations

import pytest

from scheduler.schedule import Schedule, lint, parse_at, parse_cron, parse_every


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
        (parse_cron("0 0 * * *", "America/Havana"), "skipped-time", "00:00 does not exist"),
        (parse_every("1s"), "heavy-interval", "86,400 times a day"),
        (parse_every("7m"), "drifting-interval", "other times of day each day"),
        (parse_every("7d", "Europe/Paris"), "interval-in-utc", "midnight UTC"),
    ],
)
def test_a_surprise_is_told(schedule: Schedule, code: str, words: str) -> None:
    """Each legal but surprising schedule gets a remark that says what will happen."""
    assert any(words in remark.message for remark in lint(schedule) if remark.code == code)


@pytest.mark.parametrize(
    "schedule",
    [
        parse_cron("0 2 * * *"),
        parse_cron("0 3 * * 0"),
        parse_cron("*/5 * * * *"),
        parse_cron("0 */6 * * *", "Europe/Paris"),
        parse_cron("* * * * *", "Europe/Paris"),
        parse_cron("0 12 * * 1-5", "Europe/Paris"),
        parse_cron("30 2 * * *", "Asia/Kathmandu"),
        parse_cron("0 0 31 1,3,5 *"),
        parse_every("5m"),
        parse_every("1d"),
        parse_at("2026-12-24T18:00:00Z"),
    ],
)
def test_an_ordinary_schedule_gets_no_remark(schedule: Schedule) -> None:
    """Schedules that do what they seem to do are left alone."""
    assert lint(schedule) == []

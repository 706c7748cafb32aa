"""Remarks on what is legal and surprising in intervals and single instants."""

from __future__ import annotations

import pytest

from scheduler.schedule.at import parse_at
from scheduler.schedule.every import parse_every
from scheduler.schedule.lint import lint
from scheduler.schedule.schedule import Schedule


@pytest.mark.parametrize(
    ("schedule", "code", "words"),
    [
        (parse_every("1s"), "heavy-interval", "86,400 times a day"),
        (parse_every("7m"), "drifting-interval", "other times of day each day"),
        (parse_every("7d", "Europe/Paris"), "interval-in-utc", "midnight UTC"),
        (parse_every("7d"), "interval-from-epoch", "always on a Thursday"),
        (parse_every("14d"), "interval-from-epoch", "the first run may be up to 14 days away"),
        (parse_every("10d"), "interval-from-epoch", "on another day of the week each time"),
        (parse_every("14d"), "interval-from-epoch", "'14d from 2026-01-05T09:00' says when it begins"),
        (parse_every("24h from 2026-01-05T09:00", "Europe/Paris"), "elapsed-time", "'1d from …' keeps it"),
        (parse_every("1d from 2026-01-05T02:30", "Europe/Paris"), "skipped-time", "it runs once, at 03:00"),
        (parse_every("9d from 2026-01-05T02:30", "Europe/Paris"), "repeated-time", "the first time only"),
        (parse_every("36h"), "drifting-interval", "not a whole number of days"),
    ],
)
def test_a_surprise_is_told(schedule: Schedule, code: str, words: str) -> None:
    """Each legal but surprising schedule gets a remark that says what will happen."""
    assert any(words in remark.message for remark in lint(schedule) if remark.code == code)


@pytest.mark.parametrize(
    "schedule",
    [
        parse_every("5m"),
        parse_every("1d"),
        parse_every("14d from 2026-01-05T09:00", "Europe/Paris"),
        parse_every("24h from 2026-01-05T09:00", "Asia/Kolkata"),
        parse_at("2026-12-24T18:00:00Z"),
    ],
)
def test_an_ordinary_schedule_gets_no_remark(schedule: Schedule) -> None:
    """Schedules that do what they seem to do are left alone."""
    assert lint(schedule) == []

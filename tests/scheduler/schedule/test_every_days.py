"""Intervals that begin at a time: whole days against a wall clock that is watched, hours against a plain sum."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from scheduler.explanation.wall_time import daylight_saving
from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.every import parse_every
from scheduler.schedule.zones import load_zone
from tests.scheduler.schedule.cron.wall_clock import CHANGES, PATIENT, first_shown, utc
from tests.support.examples import examples
from tests.support.world import job


@pytest.mark.parametrize("change", [name for name, (_, moment) in CHANGES.items() if moment >= "1971"])
@settings(PATIENT, max_examples=examples(3))
@given(days_before=st.integers(0, 3), minutes=st.integers(-200, 1_440), days=st.integers(1, 3))
@example(days_before=1, minutes=0, days=1)
@example(days_before=2, minutes=30, days=2)
def test_whole_days_keep_the_time_that_a_watched_clock_shows(
    change: str, days_before: int, minutes: int, days: int
) -> None:
    """Each nth day has its time when clocks first show it, or right after the gap in which it lies."""
    zone, moment = CHANGES[change]
    local = utc(moment).astimezone(load_zone(zone)).replace(tzinfo=None)
    first = local - timedelta(days=days_before) + timedelta(minutes=minutes)
    try:
        schedule = parse_every(f"{days}d from {first:%Y-%m-%dT%H:%M}", zone)
    except ScheduleError as refused:
        assume("never show" not in refused.reason and "twice" not in refused.reason)
        raise
    wanted = sorted({first_shown(first + timedelta(days=days * each), zone) for each in range(6)})
    found = list(schedule.between(utc("1900-01-01"), wanted[-1]))
    assert found == wanted
    assert schedule.next_after(utc("1900-01-01")) == wanted[0]


@settings(PATIENT, max_examples=examples(20))
@given(
    interval_s=st.integers(1, 500_000),
    first=st.datetimes(utc("1990-01-01").replace(tzinfo=None), utc("2040-01-01").replace(tzinfo=None)),
)
def test_hours_are_elapsed_time(interval_s: int, first: datetime) -> None:
    """The instants are the first one and each multiple of the interval after it, whatever clocks show."""
    begin = first.replace(microsecond=0, tzinfo=UTC)
    schedule = parse_every(f"{interval_s}s from {begin.isoformat()}", "Europe/Paris")
    wanted = [begin + timedelta(seconds=interval_s * each) for each in range(8)]
    assert list(schedule.between(utc("1900-01-01"), wanted[-1])) == wanted
    assert schedule.latest(utc("1900-01-01"), wanted[-1], 3) == wanted[-3:]


def test_every_other_monday_at_nine() -> None:
    """Nine o'clock stays nine o'clock in summer; 336 hours do not."""
    days = parse_every("14d from 2026-01-05T09:00", "Europe/Paris")
    assert days.describe() == "every 14 days at 09:00 on a Monday, from 2026-01-05"
    assert days.source() == "every 14d from 2026-01-05T09:00"
    assert days.next_after(utc("2026-01-01")) == utc("2026-01-05T08:00")
    assert days.next_after(utc("2026-03-29T12:00")) == utc("2026-03-30T07:00")
    hours = parse_every("336h from 2026-01-05T09:00", "Europe/Paris")
    assert hours.next_after(utc("2026-03-29T12:00")) == utc("2026-03-30T08:00")
    assert hours.describe() == "every 336 hours from 2026-01-05 09:00 Europe/Paris"


def test_why_tells_what_a_change_of_clocks_did_to_it() -> None:
    """A time of the gap was made up for after it; `24h` has no time of day that could be skipped."""
    days = job("a", every="1d from 2026-03-01T02:30", timezone="Europe/Paris")
    told = daylight_saving(days, utc("2026-03-29T01:00"))
    assert told is not None
    assert told.effect == "made_up"
    hours = job("a", every="24h from 2026-03-01T02:30", timezone="Europe/Paris")
    assert daylight_saving(hours, utc("2026-03-29T01:30")) is None


@pytest.mark.parametrize(("text", "suggestion", "token"), [
    ("2 weeks from 2026-01-05T09:00", "14d from 2026-01-05T09:00", "2 weeks"),
    ("14d from 2026-01-05T9:00", None, "2026-01-05T9:00"),
    ("14d from 20260105T090000", "14d from 2026-01-05T09:00:00", "20260105T090000"),
    ("14d from", None, "14d from"),
    ("from 2026-01-05T09:00", None, "from 2026-01-05T09:00"),
    ("1d from 2026-03-29T02:30", None, "2026-03-29T02:30"),
    ("1d from 2026-10-25T02:30", None, "2026-10-25T02:30"),
    ("1d from 2026-10-25T02:30+01:00", "1d from 2026-10-25T02:30:00+02:00", "2026-10-25T02:30+01:00"),
])  # fmt: skip
def test_a_mistake_is_refused_with_its_place(text: str, suggestion: str | None, token: str) -> None:
    """The part that is wrong is named, and what was meant if that is certain."""
    with pytest.raises(ScheduleError) as refused:
        parse_every(text, "Europe/Paris")
    assert (refused.value.suggestion, refused.value.token) == (suggestion, token)
    assert text.startswith(token, refused.value.column)

"""Intervals and single instants."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler.schedule.at import parse_at
from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.every import parse_every
from tests.scheduler.schedule.cron.wall_clock import utc


def test_an_interval_is_counted_from_the_epoch() -> None:
    """Whatever instant one starts from, the instants are multiples of the interval since 1970."""
    schedule = parse_every("90s")
    assert schedule.next_after(utc("1970-01-01T00:00")) == utc("1970-01-01T00:01:30")
    from_a_restart = list(schedule.between(utc("2026-01-01T00:00:17"), utc("2026-01-01T00:06")))
    from_another = list(schedule.between(utc("2026-01-01T00:01:02"), utc("2026-01-01T00:06")))
    assert from_another == from_a_restart
    assert all(found.timestamp() % 90 == 0 for found in from_a_restart)


def test_a_year_of_seconds_is_counted_at_once() -> None:
    """Counting an interval's instants is a division."""
    after, until = utc("2026-01-01"), utc("2027-01-01")
    assert parse_every("1s").summary(after, until) == (utc("2026-01-01T00:00:01"), until, 31_536_000)
    assert parse_every("1s").latest(after, until, 2) == [until - timedelta(seconds=1), until]


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ("90s", "every 90 seconds"),
        ("5m", "every 5 minutes"),
        ("60s", "every minute"),
        ("36h", "every 1 day 12 hours"),
        ("1h30m", "every 1 hour 30 minutes"),
        ("7d", "every 7 days"),
        ("1s", "every second"),
    ],
)
def test_an_interval_is_told_in_words_and_as_written(interval: str, words: str) -> None:
    """The words say how often; the source is what the person wrote."""
    schedule = parse_every(interval, "Europe/Paris")
    assert schedule.describe() == words
    assert (schedule.source(), schedule.zone) == (f"every {interval}", "Europe/Paris")


def test_an_interval_may_be_a_timedelta() -> None:
    """A length of time that has been read already means the same as its text."""
    assert parse_every(timedelta(minutes=90)) == parse_every("1h30m")
    assert parse_every(timedelta(minutes=90)).source() == "every 1h30m"


@pytest.mark.parametrize("interval", ["0s", "", "5", timedelta(milliseconds=500), timedelta(seconds=1.5)])
def test_an_interval_below_a_second_or_not_in_whole_seconds_is_refused(interval: str | timedelta) -> None:
    """The shortest interval is a second."""
    with pytest.raises(ScheduleError):
        parse_every(interval)


@pytest.mark.parametrize(
    "parse", [lambda zone: parse_every("5m", zone), lambda zone: parse_at("2026-01-01 10:00", zone)]
)
def test_an_unknown_zone_is_refused(parse: object) -> None:
    """Intervals and instants need a zone that exists, as cron does."""
    assert callable(parse)
    with pytest.raises(ScheduleError, match="there is no time zone"):
        parse("Mars/Phobos")


def test_an_instant_comes_once() -> None:
    """A schedule for one instant has it next before it, and nothing at it or after."""
    schedule = parse_at("2026-12-24T18:00:00+01:00")
    instant = utc("2026-12-24T17:00")
    assert schedule.next_after(instant - timedelta(microseconds=1)) == instant
    assert schedule.next_after(instant) is None
    assert schedule.summary(instant - timedelta(days=1), instant) == (instant, instant, 1)
    assert schedule.latest(instant - timedelta(days=1), instant, 3) == [instant]
    assert schedule.count_between(instant, instant + timedelta(days=1)) == 0


@pytest.mark.parametrize(
    ("text", "zone", "instant"),
    [
        ("2026-12-24T18:00:00+01:00", "UTC", "2026-12-24T17:00"),
        ("2026-12-24T18:00:00Z", "Europe/Paris", "2026-12-24T18:00"),
        ("2026-12-24t18:00z", "Europe/Paris", "2026-12-24T18:00"),
        ("2026-12-24 18:00", "Europe/Paris", "2026-12-24T17:00"),
        ("2026-12-24T18:00:30", "Asia/Kathmandu", "2026-12-24T12:15:30"),
        (" 2026-12-24 18:00 ", "UTC", "2026-12-24T18:00"),
    ],
)
def test_an_instant_is_read_with_its_offset_or_in_the_zone(text: str, zone: str, instant: str) -> None:
    """An offset decides; without one the time is local to the zone."""
    assert parse_at(text, zone).next_after(utc("2020-01-01")) == utc(instant)


@pytest.mark.parametrize(
    ("text", "reason", "suggestion"),
    [
        ("", "empty", None),
        ("18:00", "is not a time", None),
        ("24/12/2026 18:00", "is not a time", None),
        ("2026-12-24", "has no time of day", None),
        ("20261224T180000", "is not a time", "2026-12-24T18:00:00"),
        ("2026-12-24T18:00:00+0100", "is not a time", "2026-12-24T18:00:00+01:00"),
        ("2026-12-24T18:00:00.5Z", "has a fraction of a second", None),
        ("2026-02-30 10:00", "is not a time that exists", None),
        ("2026-12-24T24:01:00", "is not a time that exists", None),
        ("2026-12-24T18:00:60Z", "is not a time that exists", None),
        ("2026-12-24T18:00:00+25:00", "is not a time that exists: an offset is less than 24 hours", None),
        ("0001-01-01T00:00:00Z", "outside the years", None),
        ("9999-12-31T23:59:59-12:00", "outside the years", None),
        ("2026-03-29 02:30", "02:30: they go from 02:00 to 03:00", None),
        ("2026-10-25 02:30", "twice: say which by its offset, +02:00 or +01:00", None),
        ("\N{FULLWIDTH DIGIT TWO}026-12-24 18:00", "is not a time", None),
    ],
)  # fmt: skip
def test_a_text_that_is_no_single_instant_is_refused(text: str, reason: str, suggestion: str | None) -> None:
    """A time that is malformed, does not exist or comes twice is refused; a suggestion would be accepted."""
    with pytest.raises(ScheduleError) as refused:
        parse_at(text, "Europe/Paris")
    assert reason in refused.value.reason
    assert refused.value.suggestion == suggestion
    if suggestion:
        parse_at(suggestion, "Europe/Paris")


def test_a_day_that_a_zone_left_out_is_named_in_full() -> None:
    """The refusal of a time on Apia's missing day says which dates the clocks went between."""
    with pytest.raises(ScheduleError, match="from 2011-12-30 00:00 to 2011-12-31 00:00"):
        parse_at("2011-12-30 12:00", "Pacific/Apia")


def test_an_instant_is_told_in_the_zone_and_as_written() -> None:
    """The words show local time; seconds only when there are any."""
    schedule = parse_at("2026-12-24T17:00:00Z", "Europe/Paris")
    assert schedule.describe() == "once, at 2026-12-24 18:00 Europe/Paris"
    assert schedule.source() == "at 2026-12-24T17:00:00Z"
    assert parse_at("2026-12-24T17:00:05Z").describe() == "once, at 2026-12-24 17:00:05 UTC"

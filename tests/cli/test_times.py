from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click
import pytest

from cli.times import (
    parse_time,
    show_clock,
    show_count,
    show_duration,
    show_relative,
    show_size,
    show_time,
)

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


def test_a_time_is_shown_in_its_zone_with_the_offset_or_in_utc() -> None:
    """An instant is unambiguous in any zone, and `--utc` overrides the zone."""
    assert show_time(NOW, "Europe/Paris") == "2026-11-23 11:30:00 +01:00"
    assert show_time(NOW, "America/New_York") == "2026-11-23 05:30:00 -05:00"
    assert show_time(NOW, "Asia/Kathmandu") == "2026-11-23 16:15:00 +05:45"
    assert show_time(NOW, "Europe/Paris", utc=True) == "2026-11-23 10:30:00 UTC"


def test_the_time_of_day_gets_its_date_only_where_that_differs() -> None:
    """Beside a moment of the same local date the time of day is enough."""
    assert show_clock(NOW, "UTC", beside=NOW + timedelta(hours=2)) == "10:30:00"
    assert show_clock(NOW, "UTC", beside=NOW + timedelta(days=1)) == "2026-11-23 10:30:00"


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "now"),
        (0.4, "now"),
        (7199.2, "in 2 h"),
        (5, "in 5 s"),
        (300, "in 5 min"),
        (-3 * 3600, "3 h ago"),
        (-100, "1 min ago"),
        (86_400 + 7200, "in 1 d 2 h"),
        (-40 * 86_400, "40 d ago"),
    ],
)
def test_distances_in_time_read_as_people_say_them(seconds: float, words: str) -> None:
    """What is ahead is `in …`, what is past is `… ago`."""
    assert show_relative(NOW + timedelta(seconds=seconds), NOW) == words


def test_durations_sizes_and_counts_read_well() -> None:
    """Numbers carry a unit of fitting size."""
    assert [show_duration(ms) for ms in (3, 999, 1_200, 59_999, 184_000, 7_500_000, 273_600_000)] == [
        "3 ms", "999 ms", "1.2 s", "59.9 s", "3 min 4 s", "2 h 5 min", "3 d 4 h",
    ]  # fmt: skip
    assert [show_size(size) for size in (0, 999, 1_234, 999_960, 3_400_000, 5 * 10**15)] == [
        "0 B", "999 B", "1.2 kB", "1.0 MB", "3.4 MB", "5000.0 TB",
    ]  # fmt: skip
    assert [show_count(1, "entry", "entries"), show_count(12_000, "job")] == ["1 entry", "12,000 jobs"]


@pytest.mark.parametrize(
    ("typed", "instant"),
    [
        ("now", "2026-11-23T10:30:00"),
        ("1h", "2026-11-23T09:30:00"),
        ("2d", "2026-11-21T10:30:00"),
        ("90 s ago", "2026-11-23T10:28:30"),
        ("+1h30m", "2026-11-23T12:00:00"),
        ("in 2h", "2026-11-23T12:30:00"),
        ("today", "2026-11-22T23:00:00"),
        ("yesterday", "2026-11-21T23:00:00"),
        ("tomorrow", "2026-11-23T23:00:00"),
        ("2026-11-01", "2026-10-31T23:00:00"),
        ("2026-07-01", "2026-06-30T22:00:00"),
        ("2026-11-23 09:00", "2026-11-23T08:00:00"),
        ("9:00", "2026-11-23T08:00:00"),
        ("2026-11-23T09:00:00Z", "2026-11-23T09:00:00"),
        ("2026-11-23T09:00:00.250Z", "2026-11-23T09:00:00.250000"),
        ("2026-11-23T09:00:00-05:00", "2026-11-23T14:00:00"),
    ],
)
def test_times_are_typed_in_many_ways(typed: str, instant: str) -> None:
    """Durations, words, dates in the zone and full timestamps are all understood."""
    expected = datetime.fromisoformat(instant).replace(tzinfo=UTC)
    assert parse_time(typed, "--since", NOW, zone="Europe/Paris") == expected


def test_a_bare_duration_leans_the_way_it_is_told() -> None:
    """For options that look ahead, `1h` is in one hour."""
    assert parse_time("1h", "--after", NOW, lean="future") == NOW + timedelta(hours=1)


def test_a_date_at_the_end_of_a_stretch_includes_the_day() -> None:
    """`--until 2026-11-22` stands for the midnight after that day."""
    until = parse_time("2026-11-22", "--until", NOW, zone="UTC", end=True)
    assert until == datetime(2026, 11, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("soon", "is not a time"),
        ("", "is not a time"),
        ("1x", "is not a duration"),
        ("2026-13-01", "month"),
        ("2026-02-30 10:00", "not a time that exists"),
        ("2026-03-29 02:30", "never show"),
        ("2026-10-25 02:30", "twice"),
        ("1_0h", "is not a time"),
    ],
)
def test_what_is_no_time_is_refused_in_words(typed: str, said: str) -> None:
    """The message says why, and names the option."""
    with pytest.raises(click.BadParameter, match=said) as refusal:
        parse_time(typed, "--since", NOW, zone="Europe/Paris")
    assert "--since" in refusal.value.format_message()

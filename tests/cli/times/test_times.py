from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest

from cli.terminal.printable import show_count
from cli.times.show import (
    parse_time,
    show_clock,
    show_duration,
    show_past,
    show_relative,
    show_size,
    show_time,
)
from cli.times.zones import local_zone
from tests.support.command import call
from tests.support.home import make_home
from tests.support.past import Past

NOW = datetime(2026, 11, 23, 10, 30, tzinfo=UTC)


def test_a_time_is_shown_in_its_zone_with_the_offset_or_in_utc() -> None:
    """An instant is unambiguous in any zone, and `--utc` overrides the zone."""
    assert show_time(NOW, "Europe/Paris") == "2026-11-23 11:30:00 +01:00"
    assert show_time(NOW, "America/New_York") == "2026-11-23 05:30:00 -05:00"
    assert show_time(NOW, "Asia/Kathmandu") == "2026-11-23 16:15:00 +05:45"
    assert show_time(NOW, "Europe/Paris", utc=True) == "2026-11-23 10:30:00 UTC"


def test_a_time_at_an_end_of_the_calendar_is_shown_with_its_own_offset() -> None:
    """No clock of the zone shows it, and files that anybody may have written can hold it."""
    first, last = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, tzinfo=UTC)
    assert show_time(first, "America/New_York").endswith("1-01-01 00:00:00 +00:00")
    assert show_time(last, "Europe/Paris") == "9999-12-31 23:00:00 +00:00"


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
        ("4w", "2026-10-26T10:30:00"),
        ("1w2d3h ago", "2026-11-14T07:30:00"),
        ("+1w", "2026-11-30T10:30:00"),
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


@pytest.mark.parametrize(
    "typed",
    [
        "0001-01-01", "1969-12-31", "9998-01-01", "9999-12-31", "0001-01-01T00:00:00Z", "9999-12-31 23:59",
        "36500d", "-36500d",
    ],
)  # fmt: skip
@pytest.mark.parametrize("end", [False, True])
def test_years_that_nothing_has_are_refused(typed: str, end: bool) -> None:
    """However it is typed, and whichever end of a stretch it is, a time outside 1970 to 9997 is answered the same."""
    with pytest.raises(click.BadParameter, match="is outside the years 1970 to 9997"):
        parse_time(typed, "--since", NOW, zone="Europe/Paris", end=end)


@pytest.mark.parametrize("typed", ["1970-01-01", "9997-12-31", "1970-01-02 00:00", "9997-12-31 23:59"])
@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago"])
def test_the_first_and_the_last_year_can_be_typed(typed: str, zone: str) -> None:
    """In zones at both ends of the day too, with room for a day more or less."""
    instant = parse_time(typed, "--until", NOW, zone=zone, end=True)
    assert instant - timedelta(days=2) < instant < instant + timedelta(days=2)


@pytest.mark.parametrize(
    ("tz", "zone", "said"),
    [
        ("bogus/zone", "UTC", "TZ is 'bogus/zone', which is not the name of a time zone"),
        ("CET-1CEST", "UTC", "not the name of a time zone"),
        ("Europe/Paris", "Europe/Paris", ""),
        (":Europe/Paris", "Europe/Paris", ""),
        ("UTC0", "UTC", ""),
    ],
)
def test_a_zone_of_the_environment_that_is_none_is_said(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tz: str, zone: str, said: str
) -> None:
    """UTC is not taken for it in silence; it is said once."""
    monkeypatch.setenv("TZ", tz)
    local_zone.cache_clear()
    try:
        assert (local_zone(), local_zone()) == (zone, zone)
    finally:
        local_zone.cache_clear()
    told = capsys.readouterr().err
    assert told.count(said or "TZ") == (1 if said else 0)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2026-13-01", "'2026-13-01'"),
        ("2026-02-30 10:00", "2026-02-30"),
        ("4wx", "'4wx'"),
        ("0w", "'0w'"),
        ("999999w", "'999999w'"),
    ],
)
def test_a_refusal_shows_what_was_typed(typed: str, said: str) -> None:
    """Whatever is wrong with a time, the message has it as it was typed."""
    with pytest.raises(click.BadParameter) as caught:
        parse_time(typed, "--since", NOW, zone="UTC")
    assert said in str(caught.value.message)


def test_what_lies_ahead_of_the_clock_is_not_in_the_future() -> None:
    """Something that was recorded happened; if it is later than now, the clock is what changed."""
    assert show_past(NOW - timedelta(hours=3), NOW) == "3 h ago"
    assert show_past(NOW, NOW) == "now"
    assert show_past(NOW + timedelta(days=206), NOW) == "206 d ahead of the clock"


@pytest.mark.parametrize(
    "command",
    [
        "jobs history",
        "jobs timeline",
        "jobs heatmap",
        "logs view",
        "logs search x",
        "logs export",
        "logs summary",
        "export runs",
    ],
)
def test_every_command_that_looks_back_knows_weeks(command: str, tmp_path: Path) -> None:
    """`--since 4w --until 1w` is understood wherever there is a stretch of time."""
    home = make_home(tmp_path)
    assert call("jobs", "disable", "nightly", "--reason", "x", home=home.root).code == 0
    answer = call(*command.split(), "--since", "4w", "--until", "1w", home=home.root)
    assert answer.code == (1 if "search" in command else 0), answer.err


def test_status_tells_no_past_in_the_future(tmp_path: Path) -> None:
    """A scheduler that stopped at a time that is still to come: the clock was set back."""
    past = Past()
    past.started(datetime(2099, 1, 1, tzinfo=UTC))
    past.stopped(datetime(2099, 1, 1, 1, tzinfo=UTC))
    home = make_home(tmp_path)
    past.record(home)
    said = call("status", "--utc", home=home.root).out
    assert re.search(r"stopped 2099-01-01 01:00:00 UTC \([0-9]+ d ahead of the clock\)", said)
    assert "(in " not in said

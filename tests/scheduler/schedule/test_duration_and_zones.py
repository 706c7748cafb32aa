"""Durations and zone names as people write them, and the worked examples in the documentation of the code."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import scheduler.schedule
from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.duration import format_duration, parse_duration
from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.zones import known_zone, load_zone, nearest_zones
from tests.scheduler.schedule.cron.wall_clock import PATIENT

MODULES = sorted(
    module.name for module in pkgutil.walk_packages(scheduler.schedule.__path__, "scheduler.schedule.")
)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("90s", 90), ("15m", 900), ("36h", 129_600), ("7d", 604_800), ("1h30m", 5_400), ("1d2h3m4s", 93_784)],
)
def test_a_duration_is_numbers_with_units(text: str, seconds: int) -> None:
    """Days, hours, minutes and seconds, alone or joined."""
    assert parse_duration(text) == timedelta(seconds=seconds)


@settings(PATIENT)
@given(st.integers(1, 36_525 * 86_400))
def test_a_formatted_duration_reads_back(seconds: int) -> None:
    """`format_duration` is undone by `parse_duration`."""
    duration = timedelta(seconds=seconds)
    assert parse_duration(format_duration(duration)) == duration


@pytest.mark.parametrize(
    ("text", "reason", "suggestion"),
    [
        ("", "empty", None),
        ("90", "has no unit", "90s"),
        ("5 minutes", "is not a duration", "5m"),
        ("5min", "is not a duration", "5m"),
        ("1 hour and 30 minutes", "is not a duration", "1h30m"),
        ("30m1h", "is not a duration", "1h30m"),
        ("1H", "is not a duration", "1h"),
        ("1w", "is not a duration", "7d"),
        ("1.5h", "has a fraction", "1h30m"),
        ("1.5s", "has a fraction", None),
        ("0.0001d", "has a fraction", None),
        ("-5m", "is negative", None),
        ("0s", "is zero", None),
        ("5x", "is not a duration", None),
        ("1_0s", "is not a duration", None),
        ("٣s", "is not a duration", None),
        ("5m\n", "is not a duration", "5m"),
        ("99999d", "longer than a century", None),
        ("9" * 5_000 + "s", "longer than a century", None),
        ("9" * 5_000, "has no unit", None),
        ("9" * 5_000 + " seconds", "is not a duration", None),
    ],
)
def test_what_is_no_duration_is_refused_with_what_was_meant(
    text: str, reason: str, suggestion: str | None
) -> None:
    """The refusal says what is wrong and how it is written."""
    with pytest.raises(ScheduleError) as refused:
        parse_duration(text)
    assert reason in refused.value.reason
    assert refused.value.suggestion == suggestion


@settings(PATIENT)
@given(st.text(st.sampled_from("0123456789smhdw. -٣and,hours"), max_size=12) | st.text(max_size=12))
def test_whatever_is_written_is_a_duration_or_refused_in_words(text: str) -> None:
    """No text escapes as another error, and whatever is suggested would be accepted."""
    try:
        parse_duration(text)
    except ScheduleError as error:
        if error.suggestion is not None:
            parse_duration(error.suggestion)


@pytest.mark.parametrize(
    "name", ["UTC", "Europe/Paris", "America/Argentina/Buenos_Aires", "Etc/GMT+5", "EST5EDT"]
)
def test_zones_go_by_their_iana_names(name: str) -> None:
    """Every IANA name is known."""
    assert known_zone(name)


@pytest.mark.parametrize(
    "name",
    [
        "",
        "Europe",
        "europe/paris",
        "../../etc/passwd",
        "/etc/localtime",
        "localtime",
        "right/UTC",
        "a\0",
        "x" * 5_000,
    ],
)
def test_what_is_no_zone_is_not_known(name: str) -> None:
    """Folders, paths, other cases and names of one machine are no zones."""
    assert not known_zone(name)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Europe/Pariss", "Europe/Paris"),
        ("europe/paris", "Europe/Paris"),
        ("Paris", "Europe/Paris"),
        ("New York", "America/New_York"),
        ("US/New_York", "America/New_York"),
        ("CEST", "Europe/Berlin"),
    ],
)
def test_a_mistyped_zone_suggests_the_nearest(name: str, meant: str) -> None:
    """The likeliest zone comes first."""
    assert nearest_zones(name)[0] == meant
    assert all(known_zone(zone) for zone in nearest_zones(name))


@pytest.mark.parametrize(
    ("name", "hours"),
    [
        ("GMT+2", 2),
        ("UTC+2", 2),
        ("+02:00", 2),
        ("+0200", 2),
        ("utc-5", -5),
        ("-05", -5),
        ("+14:00", 14),
        ("+00:00", 0),
        ("UTC+05:30", 5.5),
        ("+5:45", 5.75),
        ("-09:30", -9.5),
    ],
)
def test_an_offset_gets_the_zone_that_has_it_all_year(name: str, hours: float) -> None:
    """East is ahead of UTC, as people and ISO 8601 write it; the names of Etc/GMT have the other sign."""
    with pytest.raises(ScheduleError) as refused:
        parse_cron("0 0 * * *", name)
    zone = refused.value.suggestion
    assert zone is not None
    assert "is an offset, not a time zone" in refused.value.reason
    assert f"all year write {zone}" in refused.value.reason
    for month in range(1, 13):
        assert datetime(2040, month, 1, tzinfo=load_zone(zone)).utcoffset() == timedelta(hours=hours)


@pytest.mark.parametrize("name", ["+13:45", "GMT-13", "UTC+99", "CST", "IST", "BST"])
def test_an_offset_or_an_abbreviation_of_no_one_zone_gets_no_suggestion(name: str) -> None:
    """Several zones are called CST, and no zone is a quarter to fourteen hours ahead all year."""
    with pytest.raises(ScheduleError) as refused:
        parse_cron("0 0 * * *", name)
    assert refused.value.suggestion is None
    assert (
        "write the IANA name of a place" in refused.value.reason or "write the place" in refused.value.reason
    )


@pytest.mark.parametrize("module", ["scheduler.schedule", *MODULES])
def test_the_examples_in_the_documentation_are_true(module: str) -> None:
    """What the docstrings show is what happens."""
    assert doctest.testmod(importlib.import_module(module)).failed == 0

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cli.charts.calendar import ScheduledJob, week
from cli.charts.calendar_drawing import picture
from cli.terminal.display_width import display_width
from scheduler.rules.instants_state import SettledAhead
from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.every import parse_every
from scheduler.schedule.schedule import Schedule
from tests.support.command import call
from tests.support.home import make_home

PARIS = ZoneInfo("Europe/Paris")
CONFIG = """\
defaults: {timezone: Europe/Paris}
jobs:
  heartbeat: {every: 30s, command: "true"}
  backup: {schedule: "0 2 * * *", command: "true"}
  burst: {schedule: "* 9 * * *", command: "true"}
  office: {schedule: "15 9-17 * * *", command: "true"}
  paused: {schedule: "0 4 * * *", command: "true", enabled: false}
  never-again: {at: "2020-01-01T00:00:00+00:00", command: "true"}
"""
EXPRESSIONS = (
    "0 2 * * *",
    "*/7 * * * *",
    "30 2 * * 0",
    "* 9-11 * * 1-5",
    "0 0 1 * *",
    "5,35 1-3 * * *",
    "59 23 * * *",
)


@given(
    st.integers(0, 400 * 86_400),
    st.lists(st.sampled_from(EXPRESSIONS), min_size=1, max_size=3),
    st.sampled_from(["UTC", "Europe/Paris", "Australia/Lord_Howe", "Asia/Kolkata"]),
    st.sampled_from(["UTC", "Europe/Paris", "America/New_York"]),
    st.none() | st.tuples(st.integers(0, 3 * 86_400), st.integers(0, 86_400)),
)
def test_each_day_has_the_runs_that_the_schedules_have_on_it(
    now_s: int, expressions: list[str], job_zone: str, shown_zone: str, settled_s: tuple[int, int] | None
) -> None:
    """Counted by jobs and days it is what the schedules say, whatever the zones, also where clocks change.

    What a reopening left settled does not come.
    """
    now, zone = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=now_s), ZoneInfo(shown_zone)
    schedules: list[Schedule] = [parse_cron(expression, job_zone) for expression in expressions]
    settled = None
    if settled_s is not None:
        first = now + timedelta(seconds=settled_s[0])
        settled = SettledAhead(first, first + timedelta(seconds=settled_s[1]))
    timed = [
        ScheduledJob(f"job-{number}", schedule, now, settled) for number, schedule in enumerate(schedules)
    ]
    days = week(timed, now, zone)
    assert len(days) == 7
    for day in days:
        begin, end = (
            datetime.combine(day.day + timedelta(days=n), time(), tzinfo=zone).astimezone(UTC) for n in (0, 1)
        )
        for job, schedule, _, _ in timed:
            low = max(now, begin - timedelta(seconds=1))
            instants = schedule.between(low, end - timedelta(seconds=1))
            expected = sum(
                settled is None or not settled.first <= instant <= settled.until for instant in instants
            )
            assert sum(item.runs for item in day.items if item.job == job) == expected
        assert all(begin <= item.first <= item.last < end for item in day.items)


def test_a_day_on_which_clocks_change_says_so() -> None:
    """It has 23 or 25 hours, and no run is lost or doubled by that."""
    hourly = ScheduledJob(
        "hourly", parse_cron("0 * * * *", "Europe/Paris"), datetime(2026, 3, 28, tzinfo=UTC)
    )
    days = week([hourly], datetime(2026, 3, 28, tzinfo=UTC), PARIS)
    assert [(day.day, day.hours, day.runs) for day in days[:3]] == [
        (date(2026, 3, 28), 24.0, 22),
        (date(2026, 3, 29), 23.0, 23),
        (date(2026, 3, 30), 24.0, 24),
    ]
    text = "\n".join(picture(days, PARIS, 80, unicode=False, colour=False))
    assert "Sun 2026-03-29  23 runs, 23 hours: clocks change" in text


def test_what_comes_often_stands_once_with_a_count(tmp_path: Path) -> None:
    """Sixty runs in an hour are one item, hourly ones one stretch, and what goes on all day one line of the day."""
    home = make_home(tmp_path / "home", CONFIG)
    answer = call("jobs", "next", "--calendar", home=home.root)
    assert answer.code == 0
    assert answer.out.isascii()
    days = answer.out.split("\n\n")
    tomorrow = days[2].splitlines()
    assert re.match(r"[A-Z][a-z]{2} \d{4}-\d\d-\d\d  2,950 runs$", tomorrow[0])
    assert [line.split(maxsplit=1) for line in tomorrow[1:]] == [
        ["all", "day      heartbeat x2,880"],
        ["02:00", "backup"],
        ["09:00-09:59", "burst x60"],
        ["09:15-17:15", "office x9"],
    ]


def test_disabled_jobs_and_those_without_a_time_to_come_are_not_in_it(tmp_path: Path) -> None:
    """As in the list; asked for by name, it says why."""
    home = make_home(tmp_path / "home", CONFIG)
    answer = call("jobs", "next", "paused", "never-again", "--calendar", home=home.root)
    assert answer.out.count("nothing") == 7
    assert "paused is disabled" in answer.err
    assert "never-again has no time to come" in answer.err


def test_json_has_the_same(tmp_path: Path) -> None:
    """Days with their hours and items; times in UTC."""
    home = make_home(tmp_path / "home", CONFIG)
    said = call("jobs", "next", "--calendar", "--json", "backup", home=home.root).document
    assert said["timezone"] == "Europe/Paris"
    assert len(said["days"]) == 7
    (item,) = said["days"][1]["items"]
    assert (item["job"], item["runs"], item["all_day"]) == ("backup", 1, False)
    assert datetime.fromisoformat(item["first"]).astimezone(PARIS).hour == 2


@pytest.mark.parametrize("width", [40, 80, 140])
def test_it_fits_the_width(width: int) -> None:
    """Many jobs at one time are wrapped; names are not broken."""
    now = datetime(2026, 11, 23, tzinfo=UTC)
    timed = [
        ScheduledJob(f"job-number-{number}", parse_cron("0 2 * * *", "UTC"), now) for number in range(30)
    ]
    timed.append(ScheduledJob("tick", parse_every("5s", "UTC"), now))
    lines = picture(week(timed, now, ZoneInfo("UTC")), ZoneInfo("UTC"), width, unicode=True, colour=False)
    assert max(map(display_width, lines)) <= width
    assert sum(line.count("job-number-") for line in lines) == 7 * 30


def test_a_calendar_is_not_counted(tmp_path: Path) -> None:
    """--calendar and --count exclude each other."""
    home = make_home(tmp_path / "home", CONFIG)
    answer = call("jobs", "next", "--calendar", "--count", "3", home=home.root)
    assert (answer.code, "exclude each other" in answer.err) == (2, True)


def test_what_lasts_all_day_stands_in_the_same_order_on_each_day() -> None:
    """Whenever their first run of a day is, today's rest included: they stand by name."""
    now, zone = datetime(2026, 3, 2, 10, 17, 20, tzinfo=UTC), ZoneInfo("UTC")
    schedules: list[tuple[str, Schedule]] = [
        ("a", parse_every("7m")), ("b", parse_cron("*/5 * * * *")), ("c", parse_every("11m")),
    ]  # fmt: skip
    days = week([ScheduledJob(name, schedule, now) for name, schedule in reversed(schedules)], now, zone)
    orders = [[item.job for item in day.items if item.all_day] for day in days]
    assert orders == [["a", "b", "c"]] * 7
    assert (
        len({tuple(sorted(day.items, key=lambda item: item.first)) == tuple(day.items) for day in days}) == 2
    )

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cli.charts.heatmap import HeatmapDay, RunCounts, bounds, days, level
from cli.charts.heatmap_drawing import HeatmapCanvas, picture
from cli.terminal.display_width import display_width
from projections.reports.runs_by_quarter import QUARTER_S
from scheduler.definition import JobDefinition
from scheduler.home import Home
from tests.support.command import call
from tests.support.examples import examples
from tests.support.past import Past

PARIS = ZoneInfo("Europe/Paris")
ZONES = (
    "UTC", "Europe/Paris", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "Asia/Kathmandu",
    "America/Havana",
)  # fmt: skip
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def quarter(instant: datetime) -> int:
    """The quarter of an hour that an instant is in."""
    return int(instant.timestamp()) // QUARTER_S


def one_day(day: date, zone: ZoneInfo, quarters: Iterable[tuple[int, RunCounts]] = ()) -> HeatmapDay:
    """A single day of a heatmap."""
    begin, end = (datetime.combine(day + DAY * n, time(), tzinfo=zone).astimezone(UTC) for n in (0, 1))
    (only,) = days(quarters, begin, end, zone)
    return only


@pytest.mark.parametrize(
    ("day", "hours", "missing", "twice"),
    [
        (date(2026, 3, 28), 24, [], []),
        (date(2026, 3, 29), 23, [2], []),
        (date(2026, 10, 25), 25, [], [2]),
    ],
)
def test_a_day_has_the_hours_that_its_clocks_show(
    day: date, hours: int, missing: list[int], twice: list[int]
) -> None:
    """The day of 23 hours lacks the one that was skipped, the day of 25 has one twice."""
    shown = one_day(day, PARIS)
    assert shown.length_h == hours
    assert [hour for hour in range(24) if not shown.hours[hour]] == missing
    assert [hour for hour in range(24) if len(shown.hours[hour]) == 2] == twice


def test_hours_before_the_beginning_are_not_known() -> None:
    """Only the hours that have a part in what is asked about are; the others are blank, not quiet."""
    begin = datetime(2026, 11, 21, 14, 20, tzinfo=UTC)
    (shown,) = days([], begin, begin + 3 * HOUR, ZoneInfo("UTC"))
    known = [number for number, hour in enumerate(shown.hours) if hour != [None]]
    assert known == [14, 15, 16, 17]


def test_a_ledger_that_begins_today_has_no_quiet_weeks_before(tmp_path: Path) -> None:
    """The picture begins with the ledger, to the hour, and says so; who asks about later days gets those alone."""
    now, past = datetime.now(UTC), Past()
    past.defined(now - 50 * HOUR, JobDefinition(name="often", command="true", every="1h", timezone="UTC"))
    past.run("often", now - 49 * HOUR)
    home = Home(tmp_path / "home")
    past.record(home)
    answer = call("jobs", "heatmap", "--utc", home=home.root)
    lines = [line for line in answer.out.splitlines() if re.match(r"[A-Z][a-z]{2} \d{4}", line)]
    began = now - 50 * HOUR
    assert lines[0].startswith(f"{began:%a %Y-%m-%d}")
    assert len(lines) == (now.date() - began.date()).days + 1
    cells = lines[0][16:64]
    assert cells[: 2 * began.hour].isspace() or began.hour == 0
    assert not cells[2 * began.hour :].isspace()
    assert f"The ledger begins at {began:%Y-%m-%d %H:%M:%S} UTC." in answer.err
    later = call("jobs", "heatmap", "--utc", "--since", "yesterday", home=home.root)
    assert "The ledger begins" not in later.err
    document = call("jobs", "heatmap", "--utc", "--json", home=home.root).document
    assert document["since"].startswith(f"{began:%Y-%m-%dT%H:%M:%S}")


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    """A run before the clocks go back and one an hour later, at the same time on the wall, stand in two cells."""
    first, second = datetime(2026, 10, 25, 0, 30, tzinfo=UTC), datetime(2026, 10, 25, 1, 30, tzinfo=UTC)
    shown = one_day(
        date(2026, 10, 25), PARIS, [(quarter(first), RunCounts(runs=1)), (quarter(second), RunCounts(runs=5))]
    )
    assert [counts and counts.runs for counts in shown.hours[2]] == [1, 5]
    (line,) = [
        line for line in picture(HeatmapCanvas(80, False, False), [shown], "runs") if "2026-10-25" in line
    ]
    assert re.search(r"^Sun 2026-10-25  \. \. :#\. ", line)
    assert line.endswith("6  25 h")


@settings(max_examples=examples(12))
@given(
    st.lists(st.tuples(st.integers(0, 366 * 96 - 1), st.integers(1, 9), st.integers(0, 9)), max_size=40),
    st.sampled_from(ZONES),
)
def test_nothing_is_lost_or_counted_twice(found: list[tuple[int, int, int]], name: str) -> None:
    """Whatever the zone, the cells of all days hold every run, each on the day and in the hour of the wall."""
    zone = ZoneInfo(name)
    origin = datetime(2026, 1, 1, tzinfo=UTC)
    quarters = [(quarter(origin) + number, RunCounts(runs, failures)) for number, runs, failures in found]
    listed = days(quarters, origin - DAY, origin + 368 * DAY, zone)
    cells = [counts for day in listed for hour in day.hours for counts in hour if counts is not None]
    assert sum(counts.runs for counts in cells) == sum(runs for _, runs, _ in found)
    assert sum(day.total.failures for day in listed) == sum(failures for _, _, failures in found)
    by_date = {day.day: day for day in listed}
    for number, runs, _ in found:
        local = (origin + number * 15 * MINUTE).astimezone(zone)
        there = by_date[local.date()].hours[local.hour]
        assert sum(counts.runs for counts in there if counts is not None) >= runs
    whole = [day for day in listed if day.day not in (listed[0].day, listed[-1].day)]
    assert all(23 <= day.length_h <= 25 for day in whole)


@given(st.lists(st.integers(0, 10_000), min_size=1, max_size=50))
def test_more_is_never_lighter_and_something_is_never_nothing(values: list[int]) -> None:
    """Shades follow the values, and a single failure among thousands of hours is seen."""
    least_of = bounds(values)
    shades = [level(value, least_of) for value in sorted(values)]
    assert shades == sorted(shades)
    assert all((level(value, least_of) == 0) == (value == 0) for value in values)
    assert max(shades) <= 4


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Home:
    """A home with an hourly job that fails at three o'clock, and a slow one."""
    past = Past()
    begin = datetime(2026, 3, 27, tzinfo=PARIS).astimezone(UTC)
    past.defined(
        begin,
        *(
            JobDefinition(name=name, command="true", every="1h", timezone="Europe/Paris")
            for name in ("hourly", "slow")
        ),
    )
    for hour in range(4 * 24):
        at = begin + hour * HOUR
        past.run("hourly", at, outcome="failed" if at.astimezone(PARIS).hour == 3 else "succeeded")
    past.run("slow", begin + 5 * HOUR, takes=3 * HOUR)
    home = Home(tmp_path_factory.mktemp("heatmap") / "home")
    past.record(home)
    return home


WINDOW = ("--since", "2026-03-27", "--until", "2026-03-30")


def test_the_command_counts_by_days_of_the_jobs_zone(home: Home) -> None:
    """Each day has as many hourly runs as it has hours: 23 on the day on which clocks go forward."""
    said = call("jobs", "heatmap", *WINDOW, "--job", "hourly", "--json", home=home.root).document
    assert said["timezone"] == "Europe/Paris"
    assert [(day["day"], day["hours"], day["runs"], day["failures"]) for day in said["days"]] == [
        ("2026-03-27", 24, 24, 1),
        ("2026-03-28", 24, 24, 1),
        ("2026-03-29", 23, 23, 1),
        ("2026-03-30", 24, 24, 1),
    ]
    assert [cell["hour"] for cell in said["days"][2]["cells"]] == [0, 1, *range(3, 24)]


def test_failures_and_durations_have_pictures_of_their_own(home: Home) -> None:
    """--what failures darkens the hour that fails; --what duration shows means, also as totals."""
    failures = call("jobs", "heatmap", *WINDOW, "--what", "failures", home=home.root).out
    (line,) = [line for line in failures.splitlines() if "2026-03-29" in line]
    assert re.search(r"^Sun 2026-03-29  \. \.   ::\. ", line), "the hour that is not there is blank"
    assert line.endswith("1  23 h")
    duration = call("jobs", "heatmap", *WINDOW, "--what", "duration", "--job", "slow", home=home.root).out
    assert re.search(r"^Fri 2026-03-27 .*##.* 3 h$", duration, re.MULTILINE)


def test_weeks_can_be_asked_for(home: Home) -> None:
    """`4w` are the last 28 days, and today."""
    said = call("jobs", "heatmap", "--since", "4w", "--json", home=home.root).document
    assert len(said["days"]) in (29, 30)


@pytest.mark.parametrize("width", [44, 80, 140])
@pytest.mark.parametrize(("terminal", "what"), [(False, "failures"), (True, "duration")])
def test_it_fits_the_width(home: Home, width: int, terminal: bool, what: str) -> None:
    """No line of the picture is wider than asked; in a pipe it is plain ASCII."""
    answer = call(
        "jobs", "heatmap", *WINDOW, "--what", what, "--width", str(width), home=home.root, terminal=terminal
    )
    _, *lines = re.sub(r"\x1b\[[0-9;]*m", "", answer.out).splitlines()
    assert max(map(display_width, lines)) <= width
    assert terminal or answer.out.isascii()


def test_a_home_in_which_nothing_ran_says_so(tmp_path: Path) -> None:
    """The picture is empty, the remark is on standard error, and the exit code is 0."""
    root = tmp_path / "home"
    Past().record(Home(root))
    past = Past()
    past.defined(datetime.now(UTC) - HOUR, JobDefinition(name="new", command="true", every="1h"))
    past.record(Home(root))
    answer = call("jobs", "heatmap", "--since", "2d", home=root)
    assert (answer.code, "nothing ran" in answer.err) == (0, True)

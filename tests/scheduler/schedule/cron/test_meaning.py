"""What cron expressions mean, fact by fact."""

from __future__ import annotations

import subprocess
import sys
import time
from datetime import datetime, timedelta

import pytest

from scheduler.schedule.cron.schedule import parse_cron
from tests.scheduler.schedule.cron.wall_clock import utc


def days(expression: str, count: int, after: str = "2026-01-01T00:00", zone: str = "UTC") -> list[str]:
    """The next instants as month-day."""
    until = utc(after) + timedelta(days=2_000)
    return [f"{found:%m-%d}" for found in parse_cron(expression, zone).between(utc(after), until, count)]


def times(expression: str, zone: str, after: str, until: str) -> list[str]:
    """The instants of a stretch in UTC as day and time."""
    return [f"{found:%dT%H:%M}" for found in parse_cron(expression, zone).between(utc(after), utc(until))]


@pytest.mark.parametrize(
    ("alias", "same"),
    [
        ("@yearly", "0 0 1 1 *"),
        ("@annually", "0 0 1 1 *"),
        ("@monthly", "0 0 1 * *"),
        ("@weekly", "0 0 * * 0"),
        ("@daily", "0 0 * * *"),
        ("@midnight", "0 0 * * *"),
        ("@hourly", "0 * * * *"),
        ("@Daily", "0 0 * * *"),
        ("0 0 * * SUN", "0 0 * * 7"),
        ("0 0 * jan-Mar mon,FRI", "0 0 * 1-3 1,5"),
        ("00\t05  * * *", "0 5 * * *"),
        ("0 0 * * 5-7", "0 0 * * 0,5,6"),
        ("0-59/20 0-23 1-31 1-12 *", "*/20 0-23 * * *"),
    ],
)
def test_different_spellings_mean_the_same(alias: str, same: str) -> None:
    """Aliases, names in any case, 7 for Sunday, leading zeros and further white space change nothing."""
    after, until = utc("2026-01-01"), utc("2028-01-01")
    assert parse_cron(alias).latest(after, until, 500) == parse_cron(same).latest(after, until, 500)


def test_both_days_restricted_means_either() -> None:
    """The 13th or a Friday, when neither field begins with `*`."""
    assert days("0 12 13 * 5", 4) == ["01-02", "01-09", "01-13", "01-16"]


def test_a_day_of_month_that_begins_with_a_star_means_both() -> None:
    """`*/2` counts as unrestricted, so that a Monday must also be an odd day."""
    assert days("0 9 */2 * 1", 4) == ["01-05", "01-19", "02-09", "02-23"]


def test_a_weekday_that_begins_with_a_star_means_both() -> None:
    """With `*/2` as day of week, days 1 to 7 match on Sunday, Tuesday, Thursday and Saturday only."""
    assert days("0 9 1-7 * */2", 4) == ["01-01", "01-03", "01-04", "01-06"]


def test_all_days_written_out_are_a_restriction() -> None:
    """`1-31` does not begin with `*`: with a weekday beside it, either suffices, so every day matches."""
    assert days("0 9 1-31 * 1", 4) == ["01-01", "01-02", "01-03", "01-04"]


def test_the_29th_of_february_comes_in_leap_years() -> None:
    """A leap day waits for its year, over a century that has none too."""
    schedule = parse_cron("0 0 29 2 *")
    assert schedule.next_after(utc("2026-01-01")) == utc("2028-02-29")
    assert schedule.next_after(utc("2096-03-01")) == utc("2104-02-29")
    assert parse_cron("0 0 29 2 */7").next_after(utc("2096-03-01")) == utc("2128-02-29")


def test_a_skipped_fixed_time_runs_once_right_after_the_gap() -> None:
    """In Paris 02:30 is skipped on 29 March 2026: the job runs at 03:00, which is 01:00 UTC."""
    assert times("30 2 * * *", "Europe/Paris", "2026-03-28T00:00", "2026-03-31T00:00") == [
        "28T01:30",
        "29T01:00",
        "30T00:30",
    ]


def test_several_times_in_one_gap_become_one_instant() -> None:
    """All that a gap swallows, and a time at its very end, run as one."""
    found = times("0,20,40 2,3 * * *", "Europe/Paris", "2026-03-29T00:00", "2026-03-29T02:00")
    assert found == ["29T01:00", "29T01:20", "29T01:40"]


def test_a_fixed_time_that_comes_twice_runs_the_first_time() -> None:
    """In Paris 02:30 comes twice on 25 October 2026, at 00:30 and 01:30 UTC: only the first one counts."""
    assert times("30 2 * * *", "Europe/Paris", "2026-10-25T00:00", "2026-10-26T00:00") == ["25T00:30"]
    between_both = utc("2026-10-25T00:45")
    assert parse_cron("30 2 * * *", "Europe/Paris").next_after(between_both) == utc("2026-10-26T01:30")


@pytest.mark.parametrize("expression", ["30 * * * *", "*/30 2 * * *", "0,30 */1 * * *"])
def test_a_job_with_a_star_follows_elapsed_time(expression: str) -> None:
    """With `*` in its minute or hour a job makes up for no gap and runs in both of two equal hours."""
    after_gap = times(expression, "Europe/Paris", "2026-03-29T00:35", "2026-03-29T01:05")
    assert after_gap == (["29T01:00"] if expression.startswith("0,30") else [])
    twice = times(expression, "Europe/Paris", "2026-10-25T00:15", "2026-10-25T01:45")
    assert {"25T00:30", "25T01:30"} <= set(twice)


def test_midnight_is_made_up_where_clocks_change_at_midnight() -> None:
    """Havana skips from 00:00 to 01:00: the daily midnight job runs at 01:00, on the same date."""
    assert times("0 0 * * *", "America/Havana", "2024-03-10T04:00", "2024-03-11T04:00") == [
        "10T05:00",
        "11T04:00",
    ]


def test_midnight_that_comes_twice_runs_once() -> None:
    """Havana goes back from 01:00 to 00:00: the daily midnight job runs at the first midnight."""
    assert times("0 0 * * *", "America/Havana", "2024-11-03T00:00", "2024-11-04T04:00") == ["03T04:00"]


def test_a_change_of_half_an_hour_is_followed() -> None:
    """Lord Howe moves by 30 minutes: 02:15 is skipped in October, 01:45 comes twice in April."""
    assert times("15 2 * * *", "Australia/Lord_Howe", "2026-10-03T12:00", "2026-10-03T20:00") == ["03T15:30"]
    assert times("45 1 * * *", "Australia/Lord_Howe", "2026-04-04T12:00", "2026-04-04T20:00") == ["04T14:45"]
    assert times("45 * * * *", "Australia/Lord_Howe", "2026-04-04T14:00", "2026-04-04T16:00") == [
        "04T14:45",
        "04T15:15",
    ]


def test_a_day_that_a_zone_left_out_is_made_up_once() -> None:
    """Apia had no 30 December 2011: the day's fixed times run once, as the 31st begins there."""
    assert times("0 6,18 * * *", "Pacific/Apia", "2011-12-29T16:00", "2011-12-31T05:00") == [
        "30T04:00",
        "30T10:00",
        "30T16:00",
        "31T04:00",
    ]
    assert days("0 6 30 12 *", 1, "2011-12-01T00:00", "Pacific/Apia") == ["12-30"]


def test_a_time_that_comes_twice_around_new_year_runs_once() -> None:
    """Inuvik went back by eight hours as 1953 began in UTC: 20:00 came in both years, and ran in the first."""
    found = times("0 20 * * *", "America/Inuvik", "1952-12-31T00:00", "1953-01-02T12:00")
    assert found == ["31T20:00", "02T04:00"]
    assert parse_cron("0 20 * * *", "America/Inuvik").next_after(utc("1953-01-01")) == utc("1953-01-02T04:00")


def test_ramadan_in_casablanca_is_followed() -> None:
    """Casablanca is an hour behind its usual time during Ramadan."""
    assert times("0 12 * * *", "Africa/Casablanca", "2026-02-14T00:00", "2026-02-17T00:00") == [
        "14T11:00",
        "15T12:00",
        "16T12:00",
    ]


def test_an_offset_of_three_quarters_of_an_hour_is_followed() -> None:
    """Kathmandu is 5:45 ahead of UTC."""
    assert times("0 0 * * *", "Asia/Kathmandu", "2026-01-01T00:00", "2026-01-02T00:00") == ["01T18:15"]


def test_an_instant_with_any_offset_is_understood_and_a_naive_one_refused() -> None:
    """Instants may come in any zone and with fractions; without a zone they are no instants."""
    schedule = parse_cron("* * * * *")
    assert schedule.next_after(datetime.fromisoformat("2026-01-01T01:59:59.999+02:00")) == utc(
        "2026-01-01T00:00"
    )
    with pytest.raises(ValueError, match="needs a time zone"):
        schedule.next_after(datetime(2026, 1, 1))  # noqa: DTZ001


def test_a_schedule_is_not_followed_past_the_last_years_of_the_calendar() -> None:
    """Close to the end of datetime's years there is no next instant, and no error either."""
    assert parse_cron("0 0 1 1 *").next_after(utc("9997-06-01")) is None
    assert parse_cron("0 0 1 1 *", "Europe/Paris").next_after(utc("9999-06-01")) is None
    assert parse_cron("0 0 1 1 *").count_between(utc("9990-01-01T12:00"), utc("9999-06-01")) == 7


def test_a_schedule_is_a_value() -> None:
    """Schedules with equal expression and zone are equal and hash alike; none can be changed."""
    first, second = parse_cron("0 2 * * *", "Europe/Paris"), parse_cron(" 0 2 * * *\t", "Europe/Paris")
    assert first == second
    assert hash(first) == hash(second)
    assert first != parse_cron("0 2 * * *")
    assert parse_cron("0 2 * * *") is parse_cron("0 2 * * *")
    assert (second.source(), second.zone) == ("0 2 * * *", "Europe/Paris")
    with pytest.raises(AttributeError):
        first.zone = "UTC"  # type: ignore[misc]


def test_checking_a_configuration_imports_neither_croniter_nor_zone_data() -> None:
    """Parsing and describing in UTC is done without the modules that are slow to import."""
    program = (
        "import sys; from scheduler.schedule.cron.schedule import parse_cron; parse_cron('*/5 2 * * *').describe();"
        "print([name for name in ('croniter', 'zoneinfo', 'difflib', 'unicodedata') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_month_of_minutes_of_a_thousand_jobs_is_counted_in_a_second() -> None:
    """A thousand different minutely jobs that were down for a month are summed up without stepping."""
    after, until = utc("2026-03-01"), utc("2026-04-01")
    all_but = [",".join(str(minute) for minute in range(60) if minute != left_out) for left_out in range(60)]
    jobs = [parse_cron(f"{all_but[n % 60]} * * * {n % 7}-7", "Europe/Paris") for n in range(1_000)]
    began = time.process_time()
    counted = sum(job.summary(after, until).count for job in jobs)
    assert time.process_time() - began < 1.0
    assert counted > 1_000 * 40 * 59
    assert parse_cron("* * * * *").count_between(after, until) == 44_640

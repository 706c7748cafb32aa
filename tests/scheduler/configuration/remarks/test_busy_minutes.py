"""Remarks on minutes at which many jobs start, held against the times themselves."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.configuration.lints import lints
from scheduler.configuration.model import ConfigLint
from scheduler.configuration.remarks.busy_minutes import MANY, BusyMinute, busiest
from scheduler.rules.job_schedule import schedule_of
from tests.scheduler.configuration.reading import read
from tests.support.examples import examples

SUNDAY = datetime(2026, 11, 29, tzinfo=UTC)
WEEK = timedelta(days=7)


def busy(jobs: list[str], scheduler: str = "") -> list[ConfigLint]:
    """The remarks on a config of these jobs."""
    written = "".join(f"  j{n}: {{command: x, {each}}}\n" for n, each in enumerate(jobs))
    config = read(f"{scheduler}jobs:\n{written}")
    return [remark for remark in lints(config) if remark.code == "busy-minute"]


def test_many_jobs_at_one_minute_get_a_remark() -> None:
    """One for all of them, at the one that says most about it: how many, when, and what helps."""
    jobs = ['schedule: "* * * * *"', *['schedule: "0 0 * * *"'] * (MANY - 2), "every: 1h"]
    (remark,) = busy(jobs)
    assert (
        remark.message
        == f"{MANY} jobs start at 00:00 every day (UTC): jitter spreads those that need not be on the minute"
    )
    assert (remark.line, remark.job) == (3, "")
    assert busy(jobs[1:]) == []


@pytest.mark.parametrize(
    "left_out", ['schedule: "0 0 * * *", jitter: 5m', 'schedule: "0 0 * * *", enabled: false', "on_demand: true",
                 'schedule: "0 0 1 * *"', 'schedule: "0 0 * 1 *"', 'schedule: "1 0 * * *"',
                 "at: 2030-01-01T00:00:00Z",
                 'schedule: "0 0 * * *", timezone: Europe/Paris', "every: 7m", "every: 1h from 2026-01-05T00:00"],
)  # fmt: skip
def test_a_job_that_does_not_start_then_each_week_is_not_counted(left_out: str) -> None:
    """Nor one that is spread, or disabled."""
    assert busy([*['schedule: "0 0 * * *"'] * (MANY - 1), left_out]) == []


def test_days_are_told() -> None:
    """Of one day its name, of several how many."""
    (remark,) = busy(['schedule: "30 2 * * mon"'] * MANY)
    assert f"{MANY} jobs start at 02:30 on Mondays (UTC)" in remark.message
    (remark,) = busy(['schedule: "30 2 * * mon-fri"'] * MANY)
    assert f"{MANY} jobs start at 02:30 on 5 days of the week (UTC)" in remark.message


def test_that_some_wait_is_told() -> None:
    """Where more start than may be running at once."""
    (remark,) = busy(['schedule: "0 0 * * *"'] * MANY, "scheduler: {max_parallel: 4}\n")
    assert "at most 4 runs are running at once, so the others wait" in remark.message


@given(
    st.lists(st.sampled_from([1, 2, 3, 7, 10, 15, 20, 30, 45, 60, 61]), min_size=1, max_size=25), st.data()
)
@settings(max_examples=examples(25))
def test_it_is_what_the_times_themselves_say(steps: list[int], data: st.DataObject) -> None:
    """The busiest minute of a week has as many jobs as come then, by the schedules that make the instants."""
    minute = st.sampled_from(["0", "5", "0,30", "*/15", "10-12", "*"])
    hour = st.sampled_from(["0", "2", "*/6", "9-17", "*"])
    weekday = st.sampled_from(["*", "0", "mon-fri", "6"])
    expressions = [f"{data.draw(minute)} {data.draw(hour)} * * {data.draw(weekday)}" for _ in steps]
    config = read(
        "jobs:\n"
        + "".join(f"  j{n}: {{command: x, schedule: '{each}'}}\n" for n, each in enumerate(expressions * 20))
    )
    starts = Counter(
        instant
        for job in config.jobs.values()
        for instant in schedule_of(job.definition).between(
            SUNDAY - timedelta(seconds=1), SUNDAY + WEEK - timedelta(seconds=1)
        )
    )
    most = max(starts.values())
    (remark,) = [remark for remark in lints(config) if remark.code == "busy-minute"]
    assert remark.message.startswith(f"{most} jobs start at ")
    first = min(instant for instant, count in starts.items() if count == most)
    assert f" at {first:%H:%M} " in remark.message


@given(st.lists(st.integers(0, 2**40), min_size=1, max_size=40))
@settings(max_examples=examples(50))
def test_the_sums_are_right(weeks: list[int]) -> None:
    """How many of the numbers have the bit that most have."""
    counts = Counter(bit for week in weeks for bit in range(41) if week >> bit & 1)
    found = busiest(weeks)
    assert found.jobs == max(counts.values(), default=0)
    if counts:
        assert found.minute == min(bit for bit, count in counts.items() if count == found.jobs)


def test_of_nothing_nothing_is_busy() -> None:
    """No job, no minute."""
    assert busiest([]) == BusyMinute(0, 0, 7)

"""Remarks on successes that are expected more often than the job runs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from scheduler.configuration.lints import lints
from scheduler.configuration.load import parse
from scheduler.configuration.model import ConfigLint
from tests.scheduler.configuration.reading import PATH

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def too_often(jobs: str, before: str = "") -> list[ConfigLint]:
    """The remarks on them."""
    config = parse(f"{before}\njobs:\n{jobs}\n".encode(), PATH, now=NOW)
    return [remark for remark in lints(config) if remark.code == "success-too-often"]


@pytest.mark.parametrize(
    ("timing", "every", "said"),
    [
        ('schedule: "0 2 * * *"', "1d", "up to 1d pass from one run to the next: with success_every 1d"),
        ('schedule: "0 2 * * *"', "24h", "ends a little later than the last one"),
        ('schedule: "0 2 * * mon-fri"', "25h", "up to 3d pass"),
        ('schedule: "0 2 * * *", calendars: {except: rest}', "25h", "up to 3d pass"),
        (
            "every: 5m",
            "1m",
            "up to 5m pass from one run to the next: with success_every 1m the job is late then",
        ),
    ],
)
def test_what_comes_of_it_is_told(timing: str, every: str, said: str) -> None:
    """A job that runs each day succeeds a little earlier or later each day."""
    calendars = "calendars: {rest: {weekdays: [sat, sun]}}"
    (remark,) = too_often(f"  a: {{command: x, {timing}, expect: {{success_every: {every}}}}}", calendars)
    assert said in remark.message
    assert (remark.line, remark.job) == (3, "a")


@pytest.mark.parametrize(
    "job",
    [
        'schedule: "0 2 * * *", expect: {success_every: 25h}',
        'schedule: "0 2 * * mon-fri", expect: {success_every: 4d}',
        'schedule: "0 2 * * *", expect: {start_within: 1m}',
        'schedule: "0 2 * * *", expect: {success_every: 1h}, enabled: false',
        "on_demand: true, expect: {success_every: 1h}",
        "every: 5m",
    ],
)
def test_the_rest_is_left_alone(job: str) -> None:
    """Where there is room, or nothing is expected."""
    assert too_often(f"  a: {{command: x, {job}}}") == []


def test_what_stands_in_defaults_is_told_of_the_jobs_that_it_does_not_fit() -> None:
    """At their times."""
    jobs = "  a: {command: x, every: 1h}\n  b: {command: x, every: 7d}"
    (remark,) = too_often(jobs, "defaults: {expect: {success_every: 2d}}")
    assert (remark.job, remark.line) == ("b", 4)

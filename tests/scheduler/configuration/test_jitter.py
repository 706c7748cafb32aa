"""`jitter` in a config: what it becomes, and where it does not fit."""

from __future__ import annotations

import pytest

from scheduler.definition import revision
from tests.scheduler.configuration.reading import job, read, refused, the_mistake


def test_it_is_a_duration_or_none() -> None:
    """Without it, or with none, nothing of the definition changes; the offset is a ledger's to say."""
    assert job('command: x, schedule: "0 2 * * *", jitter: 10m').jitter_ms == 600_000
    assert job('command: x, schedule: "0 2 * * *", jitter: 10m').jitter_offset_ms == 0
    assert revision(job("command: x, every: 5m, jitter: none")) == revision(job("command: x, every: 5m"))
    assert job("command: x, at: 2026-12-24T18:00:00Z, jitter: 7d").jitter_ms == 7 * 86_400_000


def test_that_of_defaults_is_for_jobs_with_times() -> None:
    """A job on demand has none of it, and `none` takes it back."""
    jobs = read("""
        defaults: {jitter: 10m}
        jobs:
          a: {command: x, every: 1h}
          b: {command: x, on_demand: true}
          c: {command: x, every: 1m, jitter: none}
        """).definitions
    assert [each.jitter_ms for each in jobs.values()] == [600_000, None, None]


@pytest.mark.parametrize(
    ("timing", "jitter", "part"),
    [
        ('schedule: "*/15 * * * *"', "15m", "only 15m"),
        ('schedule: ["0 2 * * *", "10 2 * * sat"]', "10m", "only 10m"),
        ("every: 90s", "2m", "only 1m30s"),
        ("on_demand: true", "2m", "no times"),
        ("at: 2026-12-24T18:00:00Z", "8d", "at most 7d"),
        ("every: 5m", "10", "has no unit"),
    ],
)
def test_what_does_not_fit_is_refused_at_its_place(timing: str, jitter: str, part: str) -> None:
    """It has to be shorter than from one run to the next."""
    error = the_mistake(f"jobs:\n  a:\n    command: x\n    {timing}\n    jitter: {jitter}\n")
    assert part in error.message
    assert (error.line, error.column, error.key) == (5, 13, "jobs.a.jitter")


def test_that_of_defaults_is_refused_at_the_job_that_it_does_not_fit() -> None:
    """The message says where it comes from, and how a job takes it back."""
    error = the_mistake(
        "defaults: {jitter: 10m}\njobs:\n  a: {command: x, every: 1h}\n  b: {command: x, every: 5m}\n"
    )
    assert (error.line, error.key) == (4, "jobs.b.jitter")
    assert "jitter: none" in error.message


def test_a_schedule_that_is_wrong_is_the_only_mistake() -> None:
    """And what Jenkins chooses by `H` is done by jitter, as the message says."""
    (error,) = refused('jobs: {a: {command: x, schedule: "H 2 * * *", jitter: 30m}}')
    assert "jitter" in error.message

"""The key `after`: which jobs a job runs after, and each way to write that wrongly."""

from __future__ import annotations

import pytest

from scheduler.configuration.lints import lints
from scheduler.definition import After, JobDefinition
from tests.scheduler.configuration.reading import read, refused

BEFORE = "  a: {every: 5m, command: x}\n  z: {every: 5m, command: x}\n"


def config(body: str) -> str:
    """A config with two jobs, and one that runs after others."""
    return f"jobs:\n{BEFORE}  b: {{command: x, {body}}}\n"


def definition(body: str) -> JobDefinition:
    """What is read of that job."""
    return read(config(body)).jobs["b"].definition


@pytest.mark.parametrize(("body", "jobs", "within_ms"), [
    ("after: a", ["a"], None),
    ("after: [z, a]", ["z", "a"], None),
    ("after: {jobs: a, within: 6h}, every: 1h", ["a"], 21_600_000),
    ("after: {within: 90s, jobs: [a, z]}, schedule: '@daily'", ["a", "z"], 90_000),
])  # fmt: skip
def test_what_is_written_is_what_is_meant(body: str, jobs: list[str], within_ms: int | None) -> None:
    """A name is a list of one; beside a schedule a window is said."""
    assert definition(body).after == After(jobs=jobs, within_ms=within_ms)


def test_alone_it_says_when_the_job_runs() -> None:
    """The job has no other timing; jitter and calendars of the defaults mean those that have times."""
    found = read(f"defaults: {{jitter: 10s, catch_up: all}}\n{config('after: a')}").jobs["b"].definition
    assert found.follows == ["a"]
    assert (found.schedule, found.every, found.at, found.on_demand) == (None, None, None, False)
    assert found.jitter_ms is None


@pytest.mark.parametrize(("body", "message", "suggestion"), [
    ("after: aa", "there is no job 'aa' in the config, after which b could run", "a"),
    ("after: b", "b cannot run after itself", ""),
    ("after: [a, a]", "a stands here twice", ""),
    ("after: []", "the list is empty: this takes the name of a job, or a list of names", ""),
    ("after: true", "YAML reads true as a boolean, not as text: write it in quotes", '"true"'),
    ("after: {jobs: a}, every: 5m",
     "after does not say how long ago they may have succeeded: add within, such as within: 6h", ""),
    ("after: {within: 6h}, every: 5m", "after names no jobs: add jobs, such as {jobs: extract, within: 6h}", ""),
    ("after: {job: a, within: 6h}, every: 5m", "unknown key 'job' in after, which takes jobs and within", "jobs"),
    ("after: {jobs: a, within: 6x}, every: 5m",
     "'6x' is not a duration: write whole numbers with a unit, such as 90s, 15m, 36h, 7d or 1h30m", ""),
    ("after: a, every: 5m",
     ("this job has every and after: beside a schedule, after says how long ago the others may have succeeded, as "
      "in after: {jobs: a, within: 6h}"), ""),
    ("after: {jobs: a, within: 6h}",
     ("within goes with a schedule, and nothing says when this job runs: add schedule or every, or write after: a, "
      "with which it runs once they have succeeded"), ""),
    ("after: a, on_demand: true",
     "this job has on_demand and after: what runs only when somebody asks for it waits for no other job", ""),
    ("after: a, jitter: 5s", "jitter goes with a schedule: this job runs at the times of the jobs before it", ""),
    ("depends_on: a", "unknown key 'depends_on' in a job", "after"),
])  # fmt: skip
def test_each_mistake_is_told_with_its_place(body: str, message: str, suggestion: str) -> None:
    """What is wrong, and what was probably meant where that is plain."""
    (error,) = refused(config(body))
    assert (error.message, error.suggestion, error.line) == (message, suggestion, 4)


@pytest.mark.parametrize(("written", "suggestion"), [
    ("load-al", "load-all"), ("load_all", "load-all"), ("loda-all", "load-all"), ("load", ""), ("day-en", ""),
    ("c", ""),
])  # fmt: skip
def test_a_name_with_dashes_is_found(written: str, suggestion: str) -> None:
    """One slip away, dash and underscore taken for one letter; of two that are as near, none is suggested."""
    known = "load-all: {every: 5m, command: x}, day-end: {every: 5m, command: x}, day_end: {every: 5m, command: x}"
    (error,) = refused(f"jobs: {{{known}, b: {{command: x, after: {written}}}}}")
    assert error.suggestion == suggestion


def test_a_circle_is_named_whole() -> None:
    """Also one through several jobs and through both forms; it is told once, and others beside it too."""
    circle = "these jobs wait for each other, so that none would ever run"
    errors = refused(
        """
        jobs:
          a: {after: b, command: x}
          b: {after: {jobs: [c], within: 6h}, every: 5m, command: x}
          c: {after: [a, d], command: x}
          d: {every: 5m, command: x}
          e: {after: f, command: x}
          f: {after: e, command: x}
        """
    )
    assert [(error.line, error.message) for error in errors] == [
        (3, f"{circle}: a runs after b, b runs after c, c runs after a"),
        (7, f"{circle}: e runs after f, f runs after e"),
    ]


def test_a_long_chain_is_read() -> None:
    """A thousand jobs, each after the one before: no recursion, and no circle."""
    jobs = "".join(f"  j{number}: {{after: j{number - 1}, command: x}}\n" for number in range(1, 1_000))
    assert len(read(f"jobs:\n  j0: {{every: 5m, command: x}}\n{jobs}").jobs) == 1_000


def test_after_a_job_that_never_runs_by_itself_is_remarked_on() -> None:
    """It follows only what somebody asks for with dependents."""
    found = lints(read("jobs: {a: {on_demand: true, command: x}, b: {after: a, command: x}}"))
    assert [(each.job, each.code) for each in found] == [("b", "after-on-demand")]
    assert "jobs run a --with-dependents" in found[0].message

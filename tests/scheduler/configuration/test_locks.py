"""`locks` of jobs, and how many runs may hold each at once."""

from __future__ import annotations

import pytest

from scheduler.configuration.lints import lints
from scheduler.definition import changed_members, revision
from tests.scheduler.configuration.reading import job, read, the_mistake

JOB = "jobs:\n  a:\n    command: x\n    every: 5m\n"


@pytest.mark.parametrize(("written", "found"), [
    ("database", ["database"]),
    ("[disk, database]", ["database", "disk"]),
    ("none", []),
    ("[]", []),
    ("[2026, db.main]", ["2026", "db.main"]),
])  # fmt: skip
def test_a_job_names_its_locks(written: str, found: list[str]) -> None:
    """One word stands for a list of one; their order means nothing, so it is always the same."""
    assert job(f"command: x, every: 5m, locks: {written}").locks == tuple(found)


def test_locks_of_defaults_are_replaced_or_taken_back() -> None:
    """A list of the job replaces that of the defaults."""
    config = read("""
        defaults: {locks: [database, disk]}
        jobs:
          a: {command: x, every: 5m}
          b: {command: x, every: 5m, locks: gpu}
          c: {command: x, every: 5m, locks: none}
    """)
    assert [each.locks for each in config.definitions.values()] == [("database", "disk"), ("gpu",), ()]


def test_a_definition_without_locks_is_as_it_was() -> None:
    """Its revision is that of before there were locks; the order of locks means nothing."""
    plain = job("command: x, every: 5m")
    assert revision(plain) == "0ace07677d2d67df"
    assert changed_members(plain, job("command: x, every: 5m, locks: [a]")) == ["locks"]
    first, second = (job(f"command: x, every: 5m, locks: [{order}]") for order in ("a, b", "b, a"))
    assert revision(first) == revision(second)


def test_the_scheduler_block_says_how_many_may_hold_a_lock() -> None:
    """A lock that is not there is held by one."""
    assert read("scheduler: {locks: {database: 2, disk: 1}}\njobs: {}").settings.locks == {
        "database": 2,
        "disk": 1,
    }
    assert read("jobs: {}").settings.locks == {}


@pytest.mark.parametrize(("text", "line", "column", "part", "suggestion"), [
    (JOB + "    locks: {}\n", 5, 12, "this takes a list of locks, or one lock, not a mapping", ""),
    (JOB + "    locks: {database: 2}\n", 5, 12, "this takes a list of locks, or one lock, not a mapping", ""),
    (JOB + "    locks: db, disk\n", 5, 12, "'db, disk' is no lock: a lock is made of", "[db, disk]"),
    (JOB + "    locks: [a, my lock]\n", 5, 16, "'my lock' is no lock", "my, lock"),
    (JOB + "    locks: [a, b, a]\n", 5, 19, "the lock a stands here twice", ""),
    (JOB + "    locks: [a, none]\n", 5, 16, "the word none stands for no locks at all", ""),
    (JOB + "    locks: [on]\n", 5, 13, "YAML reads on as a boolean", '"on"'),
    (JOB + f"    locks: [{', '.join(f'l{n}' for n in range(17))}]\n", 5, 12, "17 locks: a job has at most 16", ""),
    (JOB + "    lock: a\n", 5, 5, "unknown key 'lock' in a job", "locks"),
    (JOB + "    mutex: a\n", 5, 5, "unknown key 'mutex' in a job", "locks"),
    (JOB + "scheduler: {locks: database}\n", 5, 20, "not a single value", "{database: 1}"),
    (JOB + "scheduler: {locks: [a, b]}\n", 5, 20, "not a list", "{a: 1, b: 1}"),
    (JOB + "scheduler: {locks: {a: 0}}\n", 5, 24, "a lock that no run can hold keeps its jobs from ever running", ""),
    (JOB + "scheduler: {locks: {a: two}}\n", 5, 24, "this takes a whole number from 1 to 10000, not 'two'", ""),
    (JOB + "scheduler: {locks: {my lock: 2}}\n", 5, 21, "'my lock' is no lock", "my-lock"),
    (JOB + "scheduler: {lock: {a: 2}}\n", 5, 13, "unknown key 'lock' in the scheduler block", "locks"),
])  # fmt: skip
def test_a_mistake_about_locks_is_told_where_it_stands(
    text: str, line: int, column: int, part: str, suggestion: str
) -> None:
    """With what was probably meant."""
    error = the_mistake(text)
    assert (error.line, error.column) == (line, column)
    assert part in error.message
    assert error.suggestion == suggestion


@pytest.mark.parametrize(("written", "told"), [
    ("databse", "its lock databse is another one than database, which the scheduler block has"),
    ("database", None),
    ("disk", None),
    ("database2", None),
])  # fmt: skip
def test_a_lock_beside_one_that_is_declared_is_remarked_on(written: str, told: str | None) -> None:
    """A slip of the keyboard makes another lock, which keeps nobody; names that differ in a number are meant so."""
    config = read(
        f"scheduler: {{locks: {{database: 2}}}}\njobs:\n  a:\n    command: x\n    every: 5m\n    locks: {written}\n"
    )
    found = [(each.line, each.job, each.message) for each in lints(config) if each.code == "lock-near-miss"]
    assert found == ([] if told is None else [(6, "a", told)])

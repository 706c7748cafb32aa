"""Budgets, four times as wide as what is aimed at, so that a busy machine does not break them."""

from __future__ import annotations

import time

import pytest

from scheduler.configuration.load import parse
from tests.scheduler.configuration.reading import PATH, refused

JOBS = 10_000
BUDGET_S = 4 * 1.0


def many_jobs() -> bytes:
    """Ten thousand jobs with 1,440 distinct expressions."""
    return (
        "defaults: {timezone: Europe/Paris, env: {LANG: C}}\njobs:\n"
        + "".join(
            f"  job-{n:05d}:\n    command: /bin/true {n}\n    schedule: '{n % 60} {n // 60 % 24} * * *'\n"
            f"    description: Job number {n}\n    timeout: 15m\n"
            for n in range(JOBS)
        )
    ).encode()


def test_ten_thousand_jobs_load_in_time() -> None:
    """A config of ten thousand jobs is read within its budget of processor time."""
    raw = many_jobs()
    begin = time.process_time()
    config = parse(raw, PATH)
    assert time.process_time() - begin < BUDGET_S
    assert len(config.jobs) == JOBS
    assert len({job.definition.schedule for job in config.jobs.values()}) == 1_440


@pytest.mark.parametrize("text", [
    "a: b\n" * 300_000,
    "".join(f"k{n}: x\n" for n in range(200_000)),
    "- \n" * 1_200_000,
    "a: {" + "b, " * 600_000,
    "jobs: {" + "a: {b: c}, " * 200_000,
    '"' + "x " * 2_000_000,
    "x" * 4_000_000,
    "jobs:\n" + "".join(f"  j{n}: {{command: x, every: 5m, timezone: Z{n}}}\n" for n in range(30_000)),
    "".join(f"- &a{n} x\n" for n in range(100_000)),
])  # fmt: skip
def test_hostile_files_are_refused_in_time(text: str) -> None:
    """Megabytes of what makes parsers slow are refused within seconds."""
    begin = time.process_time()
    assert refused(text.encode())
    assert time.process_time() - begin < 4 * 5.0

"""Jitter: the same schedule, later by a time that the ledger and the job's name decide."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scheduler.schedule.at import parse_at
from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.cron.several import parse_several
from scheduler.schedule.every import parse_every
from scheduler.schedule.jitter import JitteredSchedule, jitter_fault, jitter_offset_ms, shortest_gap
from scheduler.schedule.schedule import Schedule
from tests.support.examples import examples

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
LEDGER = "5" * 32


def test_the_offset_is_a_whole_second_within_the_jitter_and_never_changes() -> None:
    """It is spread over all of the jitter; the numbers here are those of every later version."""
    offsets = {jitter_offset_ms(LEDGER, f"job-{number}", 10_000) for number in range(300)}
    assert offsets == set(range(0, 11_000, 1_000))
    assert jitter_offset_ms(LEDGER, "nightly", 600_000) == 91000
    assert jitter_offset_ms("6" * 32, "nightly", 600_000) != 91000


def test_without_jitter_or_a_ledger_there_is_no_offset() -> None:
    """A ledger that is not there yet has no id."""
    assert jitter_offset_ms(LEDGER, "nightly", None) == 0
    assert jitter_offset_ms("", "nightly", 600_000) == 0


@settings(max_examples=examples(30))
@given(
    st.sampled_from(["0 2 * * *", "30 2 * * *", "*/7 * * * *", "0 0 L * *"]),
    st.integers(1, 3_000),
    st.integers(0, 20_000_000),
    st.integers(0, 4_000_000),
)
def test_every_answer_is_that_of_the_nominal_schedule_later(
    expression: str, offset_s: int, after_s: int, length_s: int
) -> None:
    """Next, between, latest and summary agree with the schedule as it is written, moved by hand."""
    nominal, offset = parse_cron(expression, "Europe/Paris"), timedelta(seconds=offset_s)
    moved = JitteredSchedule(nominal.zone, nominal, offset)
    after = BEGIN + timedelta(seconds=after_s)
    until = after + timedelta(seconds=length_s)
    expected = [each + offset for each in nominal.between(after - offset, until - offset)]
    assert list(moved.between(after, until)) == expected
    assert moved.latest(after, until, 3) == expected[-3:]
    assert moved.next_after(after) == next(iter(expected), moved.next_after(until))
    first, last = (expected[0], expected[-1]) if expected else (None, None)
    assert tuple(moved.summary(after, until)) == (first, last, len(expected))


@pytest.mark.parametrize(
    ("schedule", "minutes"),
    [
        (parse_cron("* * * * *"), 1),
        (parse_cron("0,50 * * * *"), 10),
        (parse_cron("0 2 * * *"), 24 * 60),
        (parse_cron("10 0,23 * * mon,tue"), 60),
        (parse_cron("0 4 * * mon"), 7 * 24 * 60),
        (parse_cron("0 0 1 * *"), 28 * 24 * 60),
        (parse_several(("0 2 * * mon-fri", "30 2 * * fri")), 30),
        (parse_several(("50 23 L * *", "0 0 1 * *")), 10),
        (parse_every("90m"), 90),
        (parse_every("2d from 2026-01-02T09:00"), 2 * 24 * 60),
    ],
)
def test_the_shortest_gap_of_a_schedule(schedule: Schedule, minutes: int) -> None:
    """It is found within a day, between days, and between several expressions, as stepping through shows."""
    gap = timedelta(minutes=minutes)
    assert shortest_gap(schedule) == gap
    instants = schedule.between(BEGIN, BEGIN + timedelta(days=400), 3_000)
    assert min(later - earlier for earlier, later in pairwise(instants)) == gap


def test_what_comes_once_has_no_gap_and_a_jitter_is_a_week_at_most() -> None:
    """A single instant may have any jitter up to that."""
    once = parse_at("2026-12-24T18:00:00Z")
    assert jitter_fault(timedelta(days=7), once) is None
    assert "at most 7d" in (jitter_fault(timedelta(days=8), once) or "")
    assert jitter_fault(timedelta(seconds=59), parse_cron("* * * * *")) is None
    assert "only 1m" in (jitter_fault(timedelta(seconds=60), parse_cron("* * * * *")) or "")

"""Which instants a misfire speaks of, one by one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from scheduler import vocabulary as v
from scheduler.rules.job_schedule import schedule_of
from scheduler.rules.missed_instants import last_not_caught_up, schedule_of_misfire
from tests.support.world import job

FIRST = datetime(2026, 3, 1, 1, tzinfo=UTC)


def misfire(count: int, will_run: int) -> v.ScheduleMisfired:
    """So many instants of an hourly schedule, from 01:00 on."""
    return v.ScheduleMisfired(
        first=FIRST,
        last=FIRST + timedelta(hours=count - 1),
        count=count,
        policy="one",
        will_run=will_run,
        reason="scheduler_down",
    )


def test_the_schedule_is_the_newest_one_that_has_just_these_instants() -> None:
    """One that has others in the stretch, or begins or ends elsewhere, is not the one that was in force."""
    hourly, halves, daily = (job("a", cron) for cron in ("0 * * * *", "*/30 * * * *", "0 1 * * *"))
    assert schedule_of_misfire([halves, daily, hourly], misfire(5, 1)) is schedule_of(hourly)
    assert schedule_of_misfire([halves, daily, hourly], misfire(1, 0)) is schedule_of(halves)
    with pytest.raises(LookupError):
        schedule_of_misfire([halves, daily], misfire(5, 1))


@pytest.mark.parametrize(("will_run", "missed"), [(0, 5), (1, 4), (3, 2), (5, 0)])
def test_what_is_caught_up_is_the_latest(will_run: int, missed: int) -> None:
    """So what got no run are the first ones."""
    schedule = schedule_of(job("a", "0 * * * *"))
    last = last_not_caught_up(misfire(5, will_run), schedule)
    assert schedule.count_between(FIRST - timedelta(microseconds=1), last) == missed

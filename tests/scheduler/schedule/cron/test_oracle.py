"""Cron against two independent readings of its rules: cronsim, and a wall clock walked by minutes as in Debian."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import islice

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.zones import load_zone
from tests.scheduler.schedule.cron.wall_clock import CHANGES, PATIENT, ZONES, expressions, parsed, utc, walk
from tests.support.examples import examples

# Walking a job with `*` in its minute or hour, cronsim leaps by an hour of elapsed time and lands past minute 0
# after a change of half an hour; and when it leaps to a day it starts at local midnight, also where that day or
# hour was left out. The walked clock above covers these.
CRONSIM_LOSES_ITS_WAY = {"America/Havana", "Australia/Lord_Howe", "Pacific/Apia"}

EARLIEST, LATEST = datetime.fromisoformat("2009-01-01"), datetime.fromisoformat("2035-01-01")


@pytest.mark.parametrize("change", CHANGES)
@settings(PATIENT, max_examples=examples(8))
@given(expression=expressions(), minutes=st.integers(-3_000, 1_500))
def test_each_instant_around_a_change_of_clocks_is_what_a_walked_clock_says(
    change: str, expression: str, minutes: int
) -> None:
    """Around every kind of clock change the instants are those of a wall clock watched minute by minute."""
    zone, moment = CHANGES[change]
    schedule = parsed(expression, zone)
    after = utc(moment) + timedelta(minutes=minutes)
    until = after + timedelta(days=1, hours=6)
    walked = list(walk(expression, zone, after, until))
    assert list(schedule.between(after, until)) == walked
    assert (
        schedule.next_after(after) == walked[0] if walked else (schedule.next_after(after) or until) >= until
    )


@pytest.mark.parametrize("zone", ZONES)
@settings(PATIENT, max_examples=examples(15))
@given(start=st.datetimes(EARLIEST, LATEST), data=st.data())
def test_the_next_instants_are_those_of_cronsim(zone: str, start: datetime, data: st.DataObject) -> None:
    """From any time that a zone's clocks show once, the next instants are those that cronsim gives."""
    expression = data.draw(expressions(fixed_time=zone in CRONSIM_LOSES_ITS_WAY, lenient=False))
    schedule = parsed(expression, zone)
    info = load_zone(zone)
    local = start.replace(second=0, microsecond=0, tzinfo=info)
    # In the second of two equal hours cronsim forgets that the first has been.
    assume(local.utcoffset() == local.replace(fold=1).utcoffset())
    after = local.astimezone(UTC)
    try:
        theirs = [found.astimezone(UTC) for found in islice(CronSim(expression, local), 40)]
    except (CronSimError, RuntimeError):
        assume(False)
    ours = list(schedule.between(after, theirs[-1]))
    assert ours == theirs
    picked = data.draw(st.integers(0, len(theirs) - 2))
    assert schedule.next_after(theirs[picked]) == theirs[picked + 1]


@pytest.mark.parametrize("zone", [zone for zone in ZONES if zone != "UTC"])
@pytest.mark.parametrize("expression", ["30 2 * * *", "0 0 * * *", "5 0,1,2,3 * * 0", "15 1-3 1-7,25-31 * 6"])
def test_ten_years_of_a_fixed_time_are_those_of_cronsim(zone: str, expression: str) -> None:
    """Over ten years of clock changes a job with a fixed time runs exactly when cronsim says."""
    local = datetime(2008, 1, 1, 12, tzinfo=load_zone(zone))
    after, until = local.astimezone(UTC), utc("2018-01-01")
    theirs: list[datetime] = []
    for found in CronSim(expression, local):
        if found.astimezone(UTC) > until:
            break
        theirs.append(found.astimezone(UTC))
    schedule = parse_cron(expression, zone)
    assert list(schedule.between(after, until)) == theirs
    assert schedule.count_between(after, until) == len(theirs)

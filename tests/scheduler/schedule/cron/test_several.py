"""Several expressions of one job: their union, against each expression walked on its own."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scheduler.explanation.wall_time import daylight_saving
from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.cron.several import parse_several
from scheduler.schedule.errors import ScheduleError
from tests.scheduler.schedule.cron.wall_clock import CHANGES, PATIENT, expressions, utc, walk
from tests.support.examples import examples
from tests.support.world import job

LISTS = st.lists(expressions(lenient=False), min_size=2, max_size=3)


@pytest.mark.parametrize("change", CHANGES)
@settings(PATIENT, max_examples=examples(4))
@given(several=LISTS, minutes=st.integers(-1_800, 600))
def test_around_a_change_of_clocks_it_is_the_union_of_what_a_walked_clock_says(
    change: str, several: list[str], minutes: int
) -> None:
    """Each expression keeps its own rule for the change, and what coincides is one instant."""
    zone, moment = CHANGES[change]
    try:
        schedule = parse_several(tuple(several), zone)
    except ScheduleError as refused:
        assume("never comes" not in refused.reason)
        raise
    after = utc(moment) + timedelta(minutes=minutes)
    until = after + timedelta(hours=20)
    walked = sorted({instant for each in several for instant in walk(each, zone, after, until)})
    assert list(schedule.between(after, until)) == walked
    assert schedule.count_between(after, until) == len(walked)


@settings(PATIENT, max_examples=examples(10))
@given(several=LISTS, change=st.sampled_from(sorted(CHANGES.values())), days=st.integers(1, 800))
def test_years_are_counted_as_they_are_listed(several: list[str], change: tuple[str, str], days: int) -> None:
    """The count, which is by bits, is that of the instants one by one."""
    zone, moment = change
    try:
        schedule = parse_several(tuple(several), zone)
    except ScheduleError as refused:
        assume("never comes" not in refused.reason)
        raise
    after = utc(moment) - timedelta(hours=7)
    until = after + timedelta(days=days)
    while sum(each.count_between(after, until) for each in schedule.members) >= 3_000:
        until -= (until - after) / 2
    union = {instant for each in schedule.members for instant in each.between(after, until)}
    assert schedule.count_between(after, until) == len(union)


def test_the_first_instant_after_a_gap_is_one_though_several_ask_for_it() -> None:
    """Two fixed times of the gap and an interval fall on 03:00; `why` tells it once, as what was made up."""
    members = ["0 2 * * *", "30 2 * * *", "*/20 3 * * *"]
    schedule = parse_several(tuple(members), "Europe/Paris")
    after = utc("2026-03-29T00:00")
    assert list(schedule.between(after, after + timedelta(hours=2))) == [
        utc("2026-03-29T01:00"), utc("2026-03-29T01:20"), utc("2026-03-29T01:40"),
    ]  # fmt: skip
    definition = job("a", "; ".join(members), schedules=members, timezone="Europe/Paris")
    told = daylight_saving(definition, utc("2026-03-29T01:00"))
    assert told is not None
    assert told.effect == "made_up"
    assert daylight_saving(definition, utc("2026-03-29T01:20")) is None


def test_it_is_told_as_it_was_written() -> None:
    """In words and in source the expressions keep their order."""
    schedule = parse_several(("0 6 * * sat", "0 2 * * mon-fri"))
    assert schedule.source() == "0 6 * * sat; 0 2 * * mon-fri"
    assert schedule.describe() == "at 06:00 on Saturday, and also at 02:00 on Monday to Friday"
    assert schedule.members[0] == parse_cron("0 6 * * sat")

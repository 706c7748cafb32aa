"""Zones as stretches of constant offset, in years far ahead."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta

import pytest

from scheduler.schedule import zone_data
from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.offsets import stretches_of_year
from scheduler.schedule.schedule import instant_at
from scheduler.schedule.zones import known_zone, load_zone
from tests.scheduler.schedule.cron.wall_clock import utc

ALL_ZONES = sorted(zone for zone in zone_data.zone_names() if known_zone(zone))


@pytest.mark.parametrize("year", [2100, 2128, 2400, 5005, 9996])
def test_years_far_ahead_have_the_offsets_that_the_zone_says(year: int) -> None:
    """What is computed once for each kind of year is, for every zone, what the zone itself says of that year."""
    begin, end = datetime(year, 1, 1, tzinfo=UTC), datetime(year + 1, 1, 1, tzinfo=UTC)
    for zone in ALL_ZONES:
        info = load_zone(zone)
        found = stretches_of_year(zone, year)
        assert (instant_at(found[0].start_s), instant_at(found[-1].end_s)) == (begin, end)
        for stretch, following in zip(found, [*found[1:], None], strict=True):
            if following is not None:
                assert following.start_s == stretch.end_s
            for instant in (stretch.start_s, (stretch.start_s + stretch.end_s) // 2, stretch.end_s - 1):
                assert instant_at(instant).astimezone(info).utcoffset() == timedelta(seconds=stretch.offset_s)
        by_month = {datetime(year, month, 1, tzinfo=info).utcoffset() for month in range(1, 13)}
        assert len(by_month) == len({stretch.offset_s for stretch in found}), zone


def test_leap_days_of_eight_thousand_years_are_found_in_two_seconds() -> None:
    """Asking a zone about each year would take ten times as long: 7 s."""
    began = time.process_time()
    found = list(
        parse_cron("0 0 29 2 *", "Europe/Paris").between(utc("2026-01-01"), utc("9997-12-31"), 10_000)
    )
    assert len(found) == 1_933
    assert time.process_time() - began < 2.0

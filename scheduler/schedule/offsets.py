"""A zone as stretches of constant offset: with them, wall-clock arithmetic turns into instants.

Wall time is counted here in seconds as if it were UTC: wall = utc + offset. Inside one stretch, wall time and UTC
advance together. Where two stretches meet, wall time jumps forward (a gap: some wall times never come) or
backward (a fold: some come twice). Therefore each stretch holds `wall_seen_s`, the first wall time that had not yet
been shown when the stretch began:

- wall_seen_s < start + offset: the wall times between the two were skipped;
- wall_seen_s > start + offset: the wall times between the two come again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import msgspec

from scheduler.schedule.schedule import HORIZON_S, epoch_seconds, instant_at
from scheduler.schedule.zones import load_zone

_DAY_S = 86_400
# A fold is at most a day long (zones that crossed the date line), so a look back over two days finds it.
_LOOK_BACK_S = 2 * _DAY_S
# Later than all single changes that zone data lists: those of Morocco, which follow the moon, end in 2087.
_RULE_YEARS_BEGIN = 2100
# 28 years contain every kind of year.
_RULE_YEARS = range(2104, 2132)


class Stretch(msgspec.Struct, frozen=True):
    """`start_s` <= utc < `end_s`, all at one offset from UTC."""

    start_s: int
    end_s: int
    offset_s: int
    wall_seen_s: int


def stretches(zone: str, from_s: int, to_s: int, *, latest_first: bool = False) -> Iterator[Stretch]:
    """The stretches that share an instant with `from_s` <= utc < `to_s`, in order.

    Args:
        zone: IANA name of a zone that is known to exist.
        from_s: UTC, seconds since 1970.
        to_s: UTC, seconds since 1970; cut at the horizon.
        latest_first: in the reverse order.
    """
    to_s = min(to_s, HORIZON_S)
    if from_s >= to_s:
        return
    if zone == "UTC":
        yield Stretch(from_s, to_s, 0, from_s)
        return
    way = -1 if latest_first else 1
    for year in range(instant_at(from_s).year, instant_at(to_s - 1).year + 1)[::way]:
        for stretch in stretches_of_year(zone, year)[::way]:
            if stretch.end_s > from_s and stretch.start_s < to_s:
                yield stretch


def stretches_of_year(zone: str, year: int) -> tuple[Stretch, ...]:
    """The stretches of one year (in UTC).

    In the far future a zone follows its standing rule, which counts in months, weeks and days of the week. So
    years that have the same length and begin on the same weekday have the same stretches, moved.
    """
    if year < _RULE_YEARS_BEGIN:
        return _sampled(zone, year)
    like = _RULE_YEAR_OF_KIND[_kind(year)]
    moved_s = _year_start_s(year) - _year_start_s(like)
    return tuple(
        Stretch(each.start_s + moved_s, each.end_s + moved_s, each.offset_s, each.wall_seen_s + moved_s)
        for each in _sampled(zone, like)
    )


def _kind(year: int) -> tuple[int, int]:
    """What a standing rule depends on: the weekday on which a year begins, and its length in days."""
    first = date(year, 1, 1)
    return first.weekday(), (date(year + 1, 1, 1) - first).days


_RULE_YEAR_OF_KIND = {_kind(year): year for year in _RULE_YEARS}


@lru_cache(maxsize=2048)
def _sampled(zone: str, year: int) -> tuple[Stretch, ...]:
    """The stretches of one year: the zone's offset is read once a day, and a change is found by bisection."""
    info = load_zone(zone)

    def offset_at(utc_s: int) -> timedelta:
        local = datetime.fromtimestamp(utc_s, info).utcoffset()
        assert local is not None, "a zone always knows its offset"
        return local

    begin_s, end_s = _year_start_s(year), _year_start_s(year + 1)
    at_s = max(begin_s - _LOOK_BACK_S, _year_start_s(1) + _LOOK_BACK_S)
    offset = offset_at(at_s)
    start_s, seen_s = at_s, at_s + _seconds(offset)
    found: list[Stretch] = []
    while at_s < end_s:
        step_s = min(at_s + _DAY_S, end_s)
        if offset_at(step_s) != offset:
            change_s = _first_second_after_change(at_s, step_s, offset, offset_at)
            found.append(Stretch(start_s, change_s, _seconds(offset), seen_s))
            seen_s = max(seen_s, change_s + _seconds(offset))
            start_s, step_s = change_s, change_s
            offset = offset_at(change_s)
        at_s = step_s
    if start_s < end_s:
        found.append(Stretch(start_s, end_s, _seconds(offset), seen_s))
    return tuple(cut for stretch in found if (cut := _not_before(stretch, begin_s)) is not None)


def _seconds(offset: timedelta) -> int:
    return offset.days * _DAY_S + offset.seconds


def _first_second_after_change(
    low_s: int, high_s: int, before: timedelta, offset_at: Callable[[int], timedelta]
) -> int:
    """The first second whose offset is not `before`; the caller knows that it lies in (low, high]."""
    while high_s - low_s > 1:
        middle_s = (low_s + high_s) // 2
        if offset_at(middle_s) == before:
            low_s = middle_s
        else:
            high_s = middle_s
    return high_s


def _not_before(stretch: Stretch, begin_s: int) -> Stretch | None:
    """The part of a stretch from `begin_s` on; the cut makes neither a gap nor a fold."""
    if stretch.end_s <= begin_s:
        return None
    if stretch.start_s >= begin_s:
        return stretch
    seen_s = max(stretch.wall_seen_s, begin_s + stretch.offset_s)
    return Stretch(begin_s, stretch.end_s, stretch.offset_s, seen_s)


@lru_cache(maxsize=16_384)
def _year_start_s(year: int) -> int:
    return epoch_seconds(datetime(year, 1, 1, tzinfo=UTC))

"""Wall clocks: which instants a local time names, and how daylight saving affected an instant. Pure rules."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal, NamedTuple

from scheduler.definition import JobDefinition
from scheduler.explanation.facts import DaylightSaving
from scheduler.rules.job_schedule import schedule_of
from scheduler.schedule.calendars.by_days import SomeDaysSchedule
from scheduler.schedule.cron.several import SeveralSchedules
from scheduler.schedule.jitter import JitteredSchedule
from scheduler.schedule.offsets import Stretch, stretches
from scheduler.schedule.schedule import epoch_seconds, instant_at
from scheduler.schedule.wall_schedule import WallSchedule

_NEAR_S = 2 * 86_400
"""A change of clocks moves them by a day at most (zones that crossed the date line)."""


class WallTimeInstants(NamedTuple):
    """The instants at which clocks show a local time.

    Attributes:
        how: `once`; `twice`: then there are two instants; `never`: then the only instant is the end of the gap.
        instants: in UTC, ascending.
    """

    how: Literal["once", "twice", "never"]
    instants: list[datetime]


def instants_showing(local: datetime, zone: str) -> WallTimeInstants:
    """The instants at which the clocks of a zone show a local time, to the second.

    Args:
        local: a naive datetime.
        zone: IANA name of a zone that exists.
    """
    wall_s = epoch_seconds(local.replace(tzinfo=UTC))
    found = []
    gap_end = None
    for stretch in stretches(zone, wall_s - _NEAR_S, wall_s + _NEAR_S):
        if stretch.start_s <= wall_s - stretch.offset_s < stretch.end_s:
            found.append(instant_at(wall_s - stretch.offset_s))
        if stretch.wall_seen_s <= wall_s < stretch.start_s + stretch.offset_s:
            gap_end = instant_at(stretch.start_s)
    if found:
        return WallTimeInstants("once" if len(found) == 1 else "twice", found)
    assert gap_end is not None, "a local time that is never shown lies in a gap"
    return WallTimeInstants("never", [gap_end])


def daylight_saving(definition: JobDefinition, instant: datetime) -> DaylightSaving | None:
    """What a change of clocks near an instant means for it; None if there is no change, or it has no effect."""
    schedule = schedule_of(definition)
    if isinstance(schedule, JitteredSchedule):
        instant, schedule = instant - schedule.offset, schedule.nominal
    if isinstance(schedule, SomeDaysSchedule):
        schedule = schedule.every_day
    if isinstance(schedule, SeveralSchedules):
        # If some of the expressions have the instant, the others do not matter to it.
        due = [each for each in schedule.members if each.has(instant)]
        found = (_effect(each, instant) for each in due or schedule.members)
        return next((effect for effect in found if effect is not None), None)
    return _effect(schedule, instant) if isinstance(schedule, WallSchedule) else None


def _effect(schedule: WallSchedule, instant: datetime) -> DaylightSaving | None:
    if schedule.zone == "UTC":
        return None
    at_s = epoch_seconds(instant)
    for stretch in _changes(schedule.zone, at_s):
        begin_s = stretch.start_s + stretch.offset_s
        if stretch.wall_seen_s < begin_s:
            effect = _of_gap(schedule, stretch, at_s)
            if effect is not None:
                return _told(stretch, schedule.zone, effect, None)
            continue
        repeated = _of_fold(schedule, stretch, at_s)
        if repeated is not None:
            return _told(stretch, schedule.zone, *repeated)
    return None


def _changes(zone: str, at_s: int) -> Iterator[Stretch]:
    """The stretches that begin with a change of clocks, near an instant."""
    for stretch in stretches(zone, at_s - _NEAR_S, at_s + _NEAR_S):
        if stretch.wall_seen_s != stretch.start_s + stretch.offset_s:
            yield stretch


def _of_gap(schedule: WallSchedule, stretch: Stretch, at_s: int) -> Literal["made_up", "skipped"] | None:
    begin_s = stretch.start_s + stretch.offset_s
    if at_s != stretch.start_s or not schedule.wall_times.any(stretch.wall_seen_s, begin_s):
        return None
    return "made_up" if schedule.fixed_time else "skipped"


def _of_fold(
    schedule: WallSchedule, stretch: Stretch, at_s: int
) -> tuple[Literal["first_of_two", "second_of_two", "both"], datetime] | None:
    """The effect on an instant whose local time comes twice, and the other instant; None if it does not apply."""
    shift_s = stretch.wall_seen_s - (stretch.start_s + stretch.offset_s)
    second = stretch.start_s <= at_s < stretch.start_s + shift_s
    if not second and not stretch.start_s - shift_s <= at_s < stretch.start_s:
        return None
    other_s = at_s - shift_s if second else at_s + shift_s
    first = instant_at(min(at_s, other_s))
    if schedule.next_after(first - timedelta(seconds=1)) != first:
        return None
    if not schedule.fixed_time:
        return "both", instant_at(other_s)
    return ("second_of_two" if second else "first_of_two"), instant_at(other_s)


def _told(
    stretch: Stretch,
    zone: str,
    effect: Literal["made_up", "skipped", "first_of_two", "second_of_two", "both"],
    other: datetime | None,
) -> DaylightSaving:
    def wall(seconds: int) -> str:
        return instant_at(seconds).replace(tzinfo=None).isoformat(timespec="minutes")

    return DaylightSaving(
        change=instant_at(stretch.start_s),
        wall_from=wall(stretch.wall_seen_s),
        wall_to=wall(stretch.start_s + stretch.offset_s),
        timezone=zone,
        effect=effect,
        other=other,
    )

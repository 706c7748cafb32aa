"""What happens to times of day that a zone's clocks skip or show twice, as remarks."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from scheduler.schedule.offsets import stretches_of_year
from scheduler.schedule.schedule import Lint, instant_at
from scheduler.schedule.wall_schedule import WallSchedule

# A year so far ahead that zones follow their standing rules. So the advice does not depend on the current date.
_RULE_YEAR = 2050
_CALENDAR_YEARS = 28
"""After so many years days of the week fall on the same dates again."""


def clocks_change(zone: str) -> bool:
    """Whether a zone has a change of clocks each year, by its standing rule."""
    return zone != "UTC" and len(stretches_of_year(zone, _RULE_YEAR)) > 1


def clock_change_lints(schedule: WallSchedule) -> Iterator[Lint]:
    """What becomes of a schedule's times on the days of such a change."""
    if schedule.zone == "UTC":
        return
    times = schedule.times_of_day
    seen: set[tuple[str, str]] = set()
    for skipped, low_s, high_s in _changes(schedule.zone, _RULE_YEAR):
        first_s = next(times.ascending(low_s, high_s), None)
        if first_s is None or not _meet(schedule, skipped=skipped):
            continue
        time, after = f"{instant_at(first_s):%H:%M}", f"{instant_at(high_s):%H:%M}"
        code = "skipped-time" if skipped else "repeated-time"
        if (code, time) in seen:
            continue
        seen.add((code, time))
        yield Lint(code, _clock_change(schedule, skipped, time, after))


def _meet(schedule: WallSchedule, *, skipped: bool) -> bool:
    """Whether it has times that such a change concerns in some year; one that has ended by then counts as if it had.

    The day of a change varies from year to year, as the days of a schedule may.
    """
    first, last = _RULE_YEAR, _RULE_YEAR + _CALENDAR_YEARS
    changes = (change for year in range(first, last) for change in _changes(schedule.zone, year))
    if any(schedule.wall_times.any(*times) for gap, *times in changes if gap is skipped):
        return True
    return not schedule.wall_times.any(
        *(round(datetime(year, 1, 1, tzinfo=UTC).timestamp()) for year in (first, last))
    )


def _changes(zone: str, year: int) -> Iterator[tuple[bool, int, int]]:
    """The changes of a year: whether clocks skip times or show them twice, from which on, and up to which."""
    for stretch in stretches_of_year(zone, year):
        begin_s = stretch.start_s + stretch.offset_s
        low_s, high_s = sorted((stretch.wall_seen_s, begin_s))
        yield stretch.wall_seen_s < begin_s, low_s, high_s


def _clock_change(schedule: WallSchedule, skipped: bool, time: str, after: str) -> str:
    if skipped:
        when = f"{time} does not exist on the day when clocks in {schedule.zone} go forward"
        if schedule.fixed_time:
            return f"{when}: on that day it runs once, at {after}, right after the gap"
        return f"{when}: on that day it does not run at the times that are skipped"
    when = f"{time} comes twice on the day when clocks in {schedule.zone} go back"
    if schedule.fixed_time:
        return f"{when}: on that day it runs the first time only"
    return f"{when}: on that day it runs both times"

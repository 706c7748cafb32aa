"""The only module that uses croniter: it steps from one wall time to the next.

croniter gets wall time only, as if it were UTC, and an expression that our own reader has accepted and written anew.
So its own rules for daylight saving, seconds and extensions are never used. Two things that it leaves open depend on
how it is called:

- `day_or` says whether day of month *or* day of week suffices. Cron's rule depends on how a field begins, not
  on what it holds, so our reading decides and not croniter's.
- croniter turns a field that holds everything (`1-31`, `0-6`) into `*`, and then takes it for unrestricted.
  If one of the two days suffices and one of them always matches, every day matches; so both are passed as `*`.

The import of croniter takes about 30 ms, so it is done by `load`, which a scheduler calls at its start.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from scheduler.schedule.cron.vocabulary import CronField
from scheduler.schedule.schedule import HORIZON_S

_EVERY_MONTH_DAY = 0xFFFFFFFE
_EVERY_WEEKDAY = 0x7F
# 29 February on a given weekday comes back after at most 40 years (over a century that is no leap year).
_YEARS_AHEAD_MAX = 41


def stepper(
    minute: CronField, hour: CronField, day: CronField, month: CronField, weekday: CronField
) -> Callable[[int], int | None]:
    """A function that maps a wall time to the first match strictly later, or to None past the horizon."""
    load()
    from croniter import CroniterBadDateError, croniter

    either = not (day.starred or weekday.starred)
    day_text, weekday_text = day.text, weekday.text
    if either and (day.mask == _EVERY_MONTH_DAY or weekday.mask == _EVERY_WEEKDAY):
        day_text = weekday_text = "*"
    expression = f"{minute.text} {hour.text} {day_text} {month.text} {weekday_text}"
    steps = croniter(expression, 0, float, day_or=either, max_years_between_matches=_YEARS_AHEAD_MAX)

    def next_after(wall_s: int) -> int | None:
        try:
            following_s = int(steps.get_next(float, start_time=float(wall_s)))
        except (CroniterBadDateError, OverflowError, ValueError):
            return None
        return following_s if following_s < HORIZON_S else None

    return next_after


def is_loaded() -> bool:
    """Whether croniter is there to step."""
    return "croniter" in sys.modules


def load() -> None:
    """Import croniter now, if it is not loaded yet.

    It asks at its import how wide a pointer is, and knows that from elsewhere too: `platform.architecture` would run
    the program `file`, whichever stands first on the caller's PATH.
    """
    if is_loaded():
        return
    import platform

    asked = platform.architecture
    platform.architecture = lambda *_, **__: ("", "")
    try:
        import croniter  # noqa: F401 - from here on it is loaded
    finally:
        platform.architecture = asked

"""What every conversion needs for the cron expressions that it writes."""

from __future__ import annotations

from collections.abc import Iterable

from scheduler.schedule.cron.schedule import parse_cron
from scheduler.schedule.errors import ScheduleError


def comes(expression: str) -> bool:
    """Whether a day of the calendar fits, as 30 February does not."""
    try:
        parse_cron(expression)
    except ScheduleError:
        return False
    return True


def ranges_of(values: Iterable[int]) -> list[tuple[int, int]]:
    """Ascending values as ranges, each from its first to its last one.

    >>> ranges_of([1, 2, 3, 7])
    [(1, 3), (7, 7)]
    """
    found: list[tuple[int, int]] = []
    for value in values:
        if found and found[-1][1] == value - 1:
            found[-1] = found[-1][0], value
        else:
            found.append((value, value))
    return found

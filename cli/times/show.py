"""Times, durations and sizes as commands show them; `cli.times.parse` reads what people type.

Functions that the sentences of `scheduler.wording` need are defined there, and exported here too. Times relative to
the present, and the options for zones, are defined here.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from cli.times.parse import DURATION, parse_time
from cli.times.zones import local_zone
from scheduler.wording.instants import show_clock, show_stamp, show_time
from scheduler.wording.quantities import show_duration, show_size

__all__ = [
    "COMMON_ZONE",
    "DURATION",
    "JOBS_ZONE",
    "MACHINES_ZONE",
    "local_zone",
    "parse_time",
    "show_clock",
    "show_duration",
    "show_moment",
    "show_past",
    "show_relative",
    "show_size",
    "show_stamp",
    "show_time",
    "utc_option",
]

Command = TypeVar("Command", bound=Callable[..., Any])


def utc_option(whose: str) -> Callable[[Command], Command]:
    """Give a command the option `--utc`; its value is the argument `utc`.

    Args:
        whose: the zone in which times are shown without the option: `the job's zone`, `this machine's zone`.
    """
    return click.option("--utc", is_flag=True, help=f"Show times in UTC instead of {whose}.")


JOBS_ZONE = "the job's zone"
MACHINES_ZONE = "this machine's zone"
COMMON_ZONE = "the zone that the jobs share, or else this machine's"


def show_relative(instant: datetime, now: datetime) -> str:
    """How far away an instant is: `in 5 min`, `3 h ago`, `now`.

    >>> show_relative(datetime(2026, 1, 1, 3, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    'in 3 h'
    """
    seconds = (instant - now).total_seconds()
    if abs(seconds) < 1:
        return "now"
    # The time to a future instant is rounded up: a moment after it began, a pause of two hours is over "in 2 h".
    return f"in {_coarse(math.ceil(seconds))}" if seconds > 0 else f"{_coarse(-seconds)} ago"


def show_past(instant: datetime, now: datetime) -> str:
    """How long ago something was recorded: `3 h ago`; or how far ahead of the clock, if that was set back since.

    >>> show_past(datetime(2026, 1, 1, 3, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    '3 h ahead of the clock'
    """
    told = show_relative(instant, now)
    return f"{told.removeprefix('in ')} ahead of the clock" if told.startswith("in ") else told


def show_moment(instant: datetime, zone: str, now: datetime) -> str:
    """When something was recorded, as the clocks of a zone showed it, and how long ago that is."""
    return f"{show_time(instant, zone)} ({show_past(instant, now)})"


def _coarse(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            # For one or two units, the next smaller unit matters too: 1 h 59 min is not one hour.
            whole = int(seconds // size)
            smaller = {86_400: (3_600, "h"), 3_600: (60, "min")}.get(size)
            rest = int(seconds % size // smaller[0]) if smaller and whole < 3 else 0
            return f"{whole} {unit}" + (f" {rest} {smaller[1]}" if smaller and rest else "")
    return "0 s"

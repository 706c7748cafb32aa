"""Times, durations and sizes as people read them; `cli.typed_times` has times as people type them."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import datetime
from typing import Any, TypeVar

import click

from cli.times.parse import DURATION, parse_time
from cli.times.zones import local_zone, zone_of

__all__ = [
    "COMMON_ZONE",
    "DURATION",
    "JOBS_ZONE",
    "MACHINES_ZONE",
    "local_zone",
    "parse_time",
    "show_clock",
    "show_duration",
    "show_past",
    "show_relative",
    "show_size",
    "show_stamp",
    "show_time",
    "utc_option",
]

Command = TypeVar("Command", bound=Callable[..., Any])


def utc_option(whose: str) -> Callable[[Command], Command]:
    """Give a command `--utc`; it arrives as the argument `utc`.

    Args:
        whose: the zone that times are shown in without it: `the job's zone`, `this machine's zone`.
    """
    return click.option("--utc", is_flag=True, help=f"Show times in UTC instead of {whose}.")


JOBS_ZONE = "the job's zone"
MACHINES_ZONE = "this machine's zone"
COMMON_ZONE = "the zone that the jobs share, or else this machine's"


def show_time(instant: datetime, zone: str, *, utc: bool = False) -> str:
    """An instant as the zone's clocks show it, with the offset: `2026-11-23 02:00:00 +01:00`, or `… UTC`."""
    zone = "UTC" if utc else zone
    local = instant.astimezone(zone_of(zone))
    return f"{local:%Y-%m-%d %H:%M:%S} {_offset(local, zone)}"


def show_clock(
    instant: datetime, zone: str, *, beside: datetime | None = None, labelled: bool = False
) -> str:
    """The time of day alone, `02:00:00`; with the date where that is not the date of `beside`.

    Args:
        instant: the instant.
        zone: whose clocks show it.
        beside: the moment that the reader thinks of.
        labelled: with the offset, `02:00:00 +01:00`, or `… UTC`.
    """
    local = instant.astimezone(zone_of(zone))
    label = f" {_offset(local, zone)}" if labelled else ""
    if beside is not None and beside.astimezone(zone_of(zone)).date() != local.date():
        return f"{local:%Y-%m-%d %H:%M:%S}{label}"
    return f"{local:%H:%M:%S}{label}"


def show_stamp(instant: datetime, zone: str) -> str:
    """Date and time to the millisecond with the offset in one word, as RFC 3339 has it but for the blank.

    `2026-11-23 02:00:00.512+01:00`; `…Z` in UTC.
    """
    local = instant.astimezone(zone_of(zone))
    offset = "Z" if zone == "UTC" else _offset(local, zone)
    return f"{local:%Y-%m-%d %H:%M:%S}.{local.microsecond // 1000:03d}{offset}"


def show_relative(instant: datetime, now: datetime) -> str:
    """How far away an instant is: `in 5 min`, `3 h ago`, `now`.

    >>> show_relative(datetime(2026, 1, 1, 3, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    'in 3 h'
    """
    seconds = (instant - now).total_seconds()
    if abs(seconds) < 1:
        return "now"
    # What is ahead is rounded up: a pause of two hours is over "in 2 h" a moment after it began.
    return f"in {_coarse(math.ceil(seconds))}" if seconds > 0 else f"{_coarse(-seconds)} ago"


def show_past(instant: datetime, now: datetime) -> str:
    """How long ago something was recorded: `3 h ago`; or how far ahead that is of a clock that was set back since.

    >>> show_past(datetime(2026, 1, 1, 3, tzinfo=UTC), datetime(2026, 1, 1, tzinfo=UTC))
    '3 h ahead of the clock'
    """
    told = show_relative(instant, now)
    return f"{told.removeprefix('in ')} ahead of the clock" if told.startswith("in ") else told


def show_duration(duration_ms: int) -> str:
    """A length of time: `3 ms`, `1.2 s`, `3 min 4 s`, `2 h 5 min`, `3 d 4 h`.

    >>> show_duration(184_000)
    '3 min 4 s'
    """
    if duration_ms < 0:
        return f"-{show_duration(-duration_ms)}"
    if duration_ms < 1_000:
        return f"{duration_ms} ms"
    if duration_ms < 60_000:
        return f"{duration_ms // 100 / 10:g} s"
    seconds = duration_ms // 1_000
    for size, unit, below, smaller in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if seconds >= size:
            rest = seconds % size // below
            return f"{seconds // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    raise AssertionError("a minute or more")


def show_size(size_bytes: int) -> str:
    """A size: `512 B`, `1.2 kB`, `3.4 MB` (of 1,000 bytes each).

    >>> show_size(1_234_567)
    '1.2 MB'
    """
    if size_bytes < 1_000:
        return f"{size_bytes} B"
    size, units = size_bytes / 1_000, ["TB", "GB", "MB", "kB"]
    while size >= 999.95 and len(units) > 1:
        size /= 1_000
        units.pop()
    return f"{size:.1f} {units[-1]}"


def _coarse(seconds: float) -> str:
    for size, unit in ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            # Below ten, the next smaller unit still matters: 1 h 59 min is not one hour.
            whole = int(seconds // size)
            smaller = {86_400: (3_600, "h"), 3_600: (60, "min")}.get(size)
            rest = int(seconds % size // smaller[0]) if smaller and whole < 3 else 0
            return f"{whole} {unit}" + (f" {rest} {smaller[1]}" if smaller and rest else "")
    return "0 s"


def _offset(local: datetime, zone: str) -> str:
    if zone == "UTC":
        return "UTC"
    text = local.strftime("%z")
    return f"{text[:3]}:{text[3:5]}"

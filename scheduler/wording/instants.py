"""Instants as the clocks of a zone show them."""

from __future__ import annotations

from datetime import datetime, tzinfo
from functools import lru_cache

from scheduler.schedule.zones import load_zone


def zone_of(name: str) -> tzinfo:
    """The zone's data, as jobs follow it: that of the package `tzdata`, not that of the machine.

    Raises:
        ScheduleError: There is no such zone.
    """
    return load_zone(name)


def show_time(instant: datetime, zone: str, *, utc: bool = False) -> str:
    """An instant as the zone's clocks show it, with the offset: `2026-11-23 02:00:00 +01:00`, or `… UTC`.

    One at an end of the calendar, which no clock of the zone shows, has the offset with which it was written.
    """
    zone = "UTC" if utc else zone
    try:
        local = instant.astimezone(zone_of(zone))
    except OverflowError:
        local, zone = instant, ""
    return f"{local:%Y-%m-%d %H:%M:%S} {_offset(local, zone)}"


def show_clock(
    instant: datetime, zone: str, *, beside: datetime | None = None, labelled: bool = False
) -> str:
    """The time of day alone, `02:00:00`; with the date if that differs from the date of `beside`.

    Args:
        instant: the instant.
        zone: whose clocks show it.
        beside: a moment that the reader sees beside the instant; None: the date is never shown.
        labelled: whether the offset is shown, `02:00:00 +01:00`, or `… UTC`.
    """
    local = instant.astimezone(zone_of(zone))
    label = f" {_offset(local, zone)}" if labelled else ""
    if beside is not None and beside.astimezone(zone_of(zone)).date() != local.date():
        return f"{local:%Y-%m-%d %H:%M:%S}{label}"
    return f"{local:%H:%M:%S}{label}"


@lru_cache(maxsize=256)
def show_stamp(instant: datetime, zone: str) -> str:
    """Date and time to the millisecond, with the offset right behind, as in RFC 3339 but with a blank for the `T`.

    `2026-11-23 02:00:00.512+01:00`; `…Z` in UTC.
    """
    stamp = instant.astimezone(zone_of(zone)).isoformat(" ", "milliseconds")
    return stamp.removesuffix("+00:00") + "Z" if zone == "UTC" else stamp


def _offset(local: datetime, zone: str) -> str:
    if zone == "UTC":
        return "UTC"
    text = local.strftime("%z")
    return f"{text[:3]}:{text[3:5]}"

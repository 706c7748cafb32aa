"""A moment that a person types: to the minute or to the second, as the clocks of a job's zone show it."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import click

from cli.times.show import parse_time
from cli.times.zones import zone_of

if TYPE_CHECKING:
    from scheduler.explanation import WallTimeInstants

MINUTE = timedelta(minutes=1)
SECOND = timedelta(seconds=1)
_DAYS = {"yesterday": -1, "today": 0, "tomorrow": 1}
_LOCAL = re.compile(
    r"(?:(?P<day>[0-9]{4}-[0-9]{2}-[0-9]{2}|yesterday|today|tomorrow)[Tt ])?"
    r"(?P<time>[0-9]{1,2}:[0-9]{2})(?P<seconds>:[0-9]{2})?"
)


class TypedTime(NamedTuple):
    """A time that a person typed, and the instants that it stands for.

    Attributes:
        shown: how often the clocks show the typed time, and the instants at which they do.
        tolerance: how long after each of these instants an instant is still meant.
        local: the local time, if one was typed.
    """

    shown: WallTimeInstants
    tolerance: timedelta
    local: datetime | None


def read_typed_time(text: str, zone: str, now: datetime) -> TypedTime:
    """The moment that a person typed.

    A local time (`2026-11-23 02:30`, `yesterday 02:30`, `02:30`) is read in the job's zone, whose clocks may show it
    twice or never. Any other text is read by `parse_time`: `1h` (ago), `2026-11-23T02:30:00Z`. A time without seconds
    stands for the whole minute.

    Raises:
        click.BadParameter: the text is no time.
    """
    from scheduler.explanation import WallTimeInstants, instants_showing

    typed = " ".join(text.split())
    found = _LOCAL.fullmatch(typed)
    if found is not None:
        local = _local(found, now, zone)
        return TypedTime(instants_showing(local, zone), SECOND if found["seconds"] else MINUTE, local)
    if typed in _DAYS or re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", typed):
        raise _refused(f"{typed!r} has no time of day: write {typed} 02:30")
    instant = parse_time(typed, "--at", now, zone=zone)
    if re.search(r":[0-9]{2}:[0-9]{2}", typed):
        return TypedTime(WallTimeInstants("once", [instant.replace(microsecond=0)]), SECOND, None)
    return TypedTime(WallTimeInstants("once", [instant.replace(second=0, microsecond=0)]), MINUTE, None)


def _local(found: re.Match[str], now: datetime, zone: str) -> datetime:
    today = now.astimezone(zone_of(zone)).date()
    day = found["day"] or "today"
    try:
        date = (today + timedelta(days=_DAYS[day])).isoformat() if day in _DAYS else day
        local = datetime.fromisoformat(f"{date}T{found['time']:0>5}{found['seconds'] or ':00'}")
    except ValueError as problem:
        raise _refused(f"{found[0]!r} is not a time that exists: {problem}") from None
    # This refuses a year that no ledger can have.
    parse_time(date, "--at", now, zone=zone)
    return local


def _refused(why: str) -> click.BadParameter:
    return click.BadParameter(why, param_hint="'--at'")

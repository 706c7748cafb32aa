"""Time zone names: which exist, and which one a mistyped name probably meant."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING

from scheduler.schedule.errors import ScheduleError

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*")
# Present in many zone folders, but either a property of one machine or counted in leap seconds.
_NOT_PORTABLE = re.compile(r"(?:right|posix)/.*|localtime|posixrules|Factory")
# Abbreviations are no zones: they name one half of a zone's year. These are the usual places behind them.
_PLACE_OF_ABBREVIATION = {
    "BST": "Europe/London",
    "CDT": "America/Chicago",
    "CEST": "Europe/Berlin",
    "CST": "America/Chicago",
    "EDT": "America/New_York",
    "IST": "Asia/Kolkata",
    "JST": "Asia/Tokyo",
    "MDT": "America/Denver",
    "PDT": "America/Los_Angeles",
    "PST": "America/Los_Angeles",
}


def known_zone(name: str) -> bool:
    """Whether `name` is an IANA time zone that this machine (or the `tzdata` package) has data for."""
    return _find(name) is not None


def nearest_zones(name: str, count: int = 3) -> list[str]:
    """Existing zone names that `name` was probably meant to be, the likeliest first.

    >>> nearest_zones("Europe/Pariss", 1)
    ['Europe/Paris']
    >>> nearest_zones("paris", 1)
    ['Europe/Paris']
    """
    import difflib

    wanted = name.strip().replace(" ", "_").casefold()
    by_folded = {zone.casefold(): zone for zone in _all_names()}
    cities: dict[str, str] = {}
    for folded in sorted(by_folded, key=lambda text: text.count("/")):
        cities.setdefault(folded.rpartition("/")[2], by_folded[folded])
    found = [_PLACE_OF_ABBREVIATION[name.upper()]] if name.upper() in _PLACE_OF_ABBREVIATION else []
    if wanted in by_folded:
        found.append(by_folded[wanted])
    if wanted in cities:
        found.append(cities[wanted])
    found += [by_folded[near] for near in difflib.get_close_matches(wanted, by_folded, n=count)]
    found += [cities[near] for near in difflib.get_close_matches(wanted, cities, n=count, cutoff=0.75)]
    return list(dict.fromkeys(found))[:count]


def load_zone(name: str) -> ZoneInfo:
    """The zone's data.

    Raises:
        ScheduleError: There is no such zone.
    """
    zone = _find(name)
    if zone is None:
        raise unknown_zone(name)
    return zone


def unknown_zone(name: str) -> ScheduleError:
    """The refusal of a zone name, with the nearest name that exists."""
    if re.fullmatch(r"(?:UTC|GMT)?[+-][0-9]{1,2}(?::?[0-9]{2})?", name):
        reason = (
            f"{name!r} is an offset, not a time zone: write a zone by its IANA name, such as Europe/Paris"
        )
        return ScheduleError(reason, token=name)
    near = nearest_zones(name, 1)
    reason = f"there is no time zone {name!r}: zones are written by their IANA names, such as Europe/Paris"
    return ScheduleError(reason, near[0] if near else None, token=name)


@lru_cache(maxsize=1024)
def _find(name: str) -> ZoneInfo | None:
    from zoneinfo import ZoneInfo

    if not _NAME.fullmatch(name) or _NOT_PORTABLE.fullmatch(name):
        return None
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # missing; not a zone file; a folder such as "Europe"
        return None


@lru_cache(maxsize=1)
def _all_names() -> tuple[str, ...]:
    from zoneinfo import available_timezones

    return tuple(sorted(name for name in available_timezones() if not _NOT_PORTABLE.fullmatch(name)))

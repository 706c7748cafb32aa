"""Time zone names: which exist, and which one a mistyped name probably meant."""

from __future__ import annotations

import re
from datetime import UTC, tzinfo
from functools import lru_cache
from typing import TYPE_CHECKING

from scheduler.schedule.errors import ScheduleError
from scheduler.schedule.zone_data import zone_bytes, zone_names

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

_NAME = r"[A-Za-z][A-Za-z0-9_+\-]*(?:/[A-Za-z0-9_+\-]+)*"
# Names that many zone folders have, but that depend on the machine or count leap seconds.
_NOT_PORTABLE = r"(?:right|posix)/.*|localtime|posixrules|Factory"
# Abbreviations are no zones: they name one half of a zone's year. These are the places that they usually mean.
_PLACE_OF_ABBREVIATION = {
    "CDT": "America/Chicago",
    "CEST": "Europe/Berlin",
    "EDT": "America/New_York",
    "JST": "Asia/Tokyo",
    "MDT": "America/Denver",
    "PDT": "America/Los_Angeles",
    "PST": "America/Los_Angeles",
}
_AMBIGUOUS = {
    "AST": ("America/Halifax", "Asia/Riyadh"),
    "BST": ("Europe/London", "Asia/Dhaka"),
    "CST": ("America/Chicago", "Asia/Shanghai", "America/Havana"),
    "GST": ("Asia/Dubai", "Atlantic/South_Georgia"),
    "IST": ("Asia/Kolkata", "Europe/Dublin", "Asia/Jerusalem"),
    "SST": ("Asia/Singapore", "Pacific/Pago_Pago"),
}
_OFFSET = r"(?i:UTC|GMT|Z)?[ ]?(?P<sign>[+-])(?P<hours>[0-9]{1,2})(?::?(?P<minutes>[0-5][0-9]))?"
# Places that have such an offset all year, for the offsets that Etc/GMT does not have.
_PLACE_OF_OFFSET = {
    "+3:30": "Asia/Tehran",
    "+4:30": "Asia/Kabul",
    "+5:30": "Asia/Kolkata",
    "+5:45": "Asia/Kathmandu",
    "+6:30": "Asia/Yangon",
    "+8:45": "Australia/Eucla",
    "+9:30": "Australia/Darwin",
    "-9:30": "Pacific/Marquesas",
}


def known_zone(name: str) -> bool:
    """Whether `name` is an IANA time zone that the package `tzdata` has data for."""
    return _find(name) is not None


def zone_of_any_case(name: str) -> str | None:
    """The zone whose name differs from `name` at most in upper and lower case.

    >>> zone_of_any_case("europe/paris")
    'Europe/Paris'
    """
    if known_zone(name):
        return name
    folded = name.casefold()
    return next((zone for zone in all_zones() if zone.casefold() == folded), None)


def nearest_zones(name: str, count: int = 3) -> list[str]:
    """Existing zone names that `name` was probably meant to be, the likeliest first.

    >>> nearest_zones("Europe/Pariss", 1)
    ['Europe/Paris']
    >>> nearest_zones("paris", 1)
    ['Europe/Paris']
    """
    import difflib

    if re.fullmatch(_OFFSET, name.strip()) or name.upper() in _AMBIGUOUS:
        return []
    wanted = name.strip().replace(" ", "_").casefold()
    by_folded = {zone.casefold(): zone for zone in all_zones()}
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


def load_zone(name: str) -> tzinfo:
    """The zone's data, the same object each time.

    UTC needs none: a command that shows nothing else loads neither the data nor what reads it.

    Raises:
        ScheduleError: There is no such zone.
    """
    zone = UTC if name == "UTC" else _find(name)
    if zone is None:
        raise unknown_zone(name)
    return zone


def unknown_zone(name: str) -> ScheduleError:
    """The refusal of a zone name, with the nearest name that exists, or with the zone that has a given offset."""
    if offset := re.fullmatch(_OFFSET, name.strip()):
        return _offset_for_a_zone(name, offset)
    near = nearest_zones(name)
    reason = f"there is no time zone {name!r}: zones are written by their IANA names, such as Europe/Paris"
    if name.upper() in _AMBIGUOUS:
        places = " or ".join(_AMBIGUOUS[name.upper()])
        reason = f"{name!r} is short for several times: write the place, such as {places}"
    elif len(near) > 1:
        reason += f"; near it are {', '.join(near)}"
    return ScheduleError(reason, near[0] if near else None, token=name)


def _offset_for_a_zone(name: str, offset: re.Match[str]) -> ScheduleError:
    """The refusal of `GMT+2` and `+05:30`, with the zone that has this offset all year.

    People write `+` for east of Greenwich, as ISO 8601 does; in the names of Etc/GMT, `+` is west.
    """
    east = offset["sign"] == "+"
    hours, minutes = int(offset["hours"]), int(offset["minutes"] or 0)
    length = f"{hours}:{minutes:02} hours" if minutes else f"{hours} hour{'' if hours == 1 else 's'}"
    zone: str | None = _PLACE_OF_OFFSET.get(f"{offset['sign']}{hours}:{minutes:02}")
    if not minutes:
        zone = f"Etc/GMT{'-' if east else '+'}{hours}" if hours else "UTC"
    zone = zone if zone and known_zone(zone) else None
    reason = (
        f"{name!r} is an offset, not a time zone: write the IANA name of a place, such as Europe/Paris,"
        " whose clocks are followed when they change"
    )
    if zone:
        when = f"{length} {'ahead of' if east else 'behind'} UTC" if hours or minutes else "UTC"
        reason += f"; for {when} all year write {zone}"
    if zone and zone.startswith("Etc"):
        reason += ", whose sign is the other way round"
    return ScheduleError(reason, zone, token=name)


@lru_cache(maxsize=1024)
def _find(name: str) -> ZoneInfo | None:
    from io import BytesIO
    from zoneinfo import ZoneInfo

    if not re.fullmatch(_NAME, name) or re.fullmatch(_NOT_PORTABLE, name):
        return None
    data = zone_bytes(name)
    try:
        return None if data is None else ZoneInfo.from_file(BytesIO(data), key=name)
    except ValueError:
        # The file is one of those that lie beside the zones.
        return None


@lru_cache(maxsize=1)
def all_zones() -> tuple[str, ...]:
    """The names of all zones that a schedule can be read in, sorted."""
    return tuple(name for name in zone_names() if not re.fullmatch(_NOT_PORTABLE, name))

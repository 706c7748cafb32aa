"""Time zones by their names: this machine's, and the data of any."""

from __future__ import annotations

import os
from functools import lru_cache
from zoneinfo import ZoneInfo

_ZONE_FOLDER = "/zoneinfo/"


@lru_cache(maxsize=1)
def local_zone() -> str:
    """IANA name of this machine's time zone, for what belongs to no job; `UTC` where it has no such name."""
    candidates = [os.environ.get("TZ", "").removeprefix(":")]
    if not candidates[0]:
        candidates.append(os.path.realpath("/etc/localtime").rpartition(_ZONE_FOLDER)[2])
    for name in candidates:
        if name and not name.startswith("/") and _is_zone(name):
            return "UTC" if name in ("Etc/UTC", "Etc/UCT", "UCT", "Zulu") else name
    return "UTC"


@lru_cache(maxsize=1_024)
def zone_of(name: str) -> ZoneInfo:
    """The zone's data, looked up once."""
    return ZoneInfo(name)


def _is_zone(name: str) -> bool:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return False
    return True

"""Time zones by name: this machine's zone, and the data of any zone."""

from __future__ import annotations

import os
from functools import lru_cache

from cli.terminal.console import note
from scheduler.schedule.zones import known_zone
from scheduler.wording.instants import zone_of

__all__ = ["local_zone", "zone_of"]

_ZONE_FOLDER = "/zoneinfo/"
_UTC_ITSELF = ("UTC0", "UTC-0", "UTC+0", "GMT0", "<UTC>0")
"""The POSIX names of UTC (`TZ` in environ(7))."""
_UTC_NAMES = ("UTC", "Etc/UTC", "Etc/UCT", "UCT", "Zulu")
"""Its IANA names: no data of zones is needed for it."""


@lru_cache(maxsize=1)
def local_zone() -> str:
    """IANA name of this machine's time zone, for times that belong to no job; `UTC` if it has no such name.

    A note on standard error says once that the variable TZ names no zone, because people would take the times that
    follow for local ones.
    """
    wanted = os.environ.get("TZ", "").removeprefix(":")
    path = wanted or "/etc/localtime"
    name = os.path.realpath(path).rpartition(_ZONE_FOLDER)[2] if path.startswith("/") else path
    name = name.removeprefix("posix/")
    if name in _UTC_NAMES:
        return "UTC"
    if name and not name.startswith("/") and known_zone(name):
        return name
    if wanted and wanted not in _UTC_ITSELF:
        note(f"TZ is {wanted!r}, which is not the name of a time zone such as Europe/Paris: UTC is used.")
    return "UTC"

"""The data of time zones: always the files of the package `tzdata`, never those of the machine.

`zoneinfo` by itself prefers the machine's files, which may be years older or newer than the package. Then the version
that `scheduler.started` records would not be the version of the data that jobs follow.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

_held: dict[str, bytes] = {}


def version() -> str:
    """The version of the data, as its package names it: `2026.6`."""
    import tzdata

    return str(tzdata.__version__)


@lru_cache(maxsize=1)
def zone_names() -> tuple[str, ...]:
    """The names of all zones, sorted."""
    return tuple(sorted((_package() / "zones").read_text(encoding="ascii").split()))


def zone_bytes(name: str) -> bytes | None:
    """The data of a zone (RFC 9636); None if there is none of that name.

    Args:
        name: made of letters, digits, `_`, `+`, `-` and `/`.
    """
    held = _held.get(name)
    if held is not None:
        return held
    try:
        return (_package() / "zoneinfo" / name).read_bytes()
    except OSError:
        # There is no such file, or it is a folder such as "Europe".
        return None


def hold() -> None:
    """Read the data of all zones (350 kB), so that a later installation changes nothing for this process."""
    for name in zone_names():
        data = zone_bytes(name)
        if data is not None:
            _held[name] = data


def _package() -> Path:
    import tzdata

    return Path(tzdata.__file__).parent

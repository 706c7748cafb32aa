"""Which software this is: the versions that decide what the scheduler does."""

from __future__ import annotations

VERSION = "0.1.0"


def versions() -> dict[str, str]:
    """The version of cronledger and of those of its parts that schedules depend on.

    `tzdata` is the package's, or `system` where it is not there and the machine's own zones are used.
    """
    from importlib import metadata

    found = {"cronledger": VERSION}
    for name in ("croniter", "tzdata"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "system"
    return found

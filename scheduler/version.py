"""Which software this is: the versions that decide what the scheduler does."""

from __future__ import annotations

VERSION = "0.1.0"
PARTS = ("croniter", "tzdata", "msgspec", "PyYAML", "duckdb")
"""Packages that decide what runs when, or write what is recorded and what is made of it."""


def versions() -> dict[str, str]:
    """The version of cronledger and of all that it is made of and that decides or writes.

    `tzdata` is the package's, or `system` where it is not there and the machine's own zones are used.
    """
    from importlib import metadata

    found = {"cronledger": VERSION}
    for name in PARTS:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "system" if name == "tzdata" else "none"
    return found

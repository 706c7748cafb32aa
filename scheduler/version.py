"""Which software this is: the versions that decide what the scheduler does."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

VERSION = "0.1.0"
PARTS = ("croniter", "tzdata", "msgspec", "PyYAML", "duckdb")
"""Packages that decide what runs when, or write what is recorded and what is made of it."""


class ReplacedPart(NamedTuple):
    """A part of which a running process uses another version than the one that is installed now.

    Attributes:
        name: of the package.
        used: the version that the process has loaded.
        installed: the one that the next process will use; `none` if it is gone.
    """

    name: str
    used: str
    installed: str


def versions() -> dict[str, str]:
    """The version of cronledger and of those of its parts that schedules depend on, as this process uses them."""
    from scheduler.schedule import zone_data

    return {"cronledger": VERSION, **installed_versions(*PARTS), "tzdata": zone_data.version()}


def installed_versions(*names: str) -> dict[str, str]:
    """What is installed at this moment of the packages named; `none` for one that is not."""
    from importlib import metadata

    found = {}
    for name in names:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "none"
    return found


def replaced(used: Mapping[str, str], installed: Mapping[str, str]) -> list[ReplacedPart]:
    """In what two sets of versions differ, of the packages that both name."""
    return [
        ReplacedPart(name, used[name], version)
        for name, version in sorted(installed.items())
        if name in used and used[name] != version
    ]

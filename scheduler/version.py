"""Which software this is: the versions that decide what the scheduler does."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping
from contextlib import suppress

import msgspec

VERSION = "0.1.0"
_INFO = ".dist-info"
PARTS = ("croniter", "tzdata", "msgspec", "PyYAML", "duckdb")
"""Packages that decide what runs when, or write what is recorded and what is made of it."""


class ReplacedPart(msgspec.Struct, frozen=True):
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
    """What is installed at this moment of the packages named; `none` for one that is not.

    The name of the folder that holds what is known of a package has its version: `croniter-7.0.0.dist-info`
    (https://packaging.python.org/en/latest/specifications/recording-installed-packages/). To read it there takes a
    hundredth of the time that the standard library takes, which reads mail headers for it, and is asked about others.
    """
    wanted = {_normalized(name): name for name in names}
    found: dict[str, str] = {}
    for place in reversed(sys.path):  # the first place counts
        with suppress(OSError):
            for folder in os.listdir(place or "."):
                if folder.endswith(_INFO):
                    name, _, version = folder.removesuffix(_INFO).partition("-")
                    if (package := _normalized(name)) in wanted:
                        found[wanted[package]] = version
    return {name: found.get(name) or _recorded_otherwise(name) for name in names}


def _recorded_otherwise(name: str) -> str:
    from importlib import metadata

    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return "none"


def _normalized(name: str) -> str:
    """The name of a package as all its spellings are compared: those of such folders escape it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def replaced(used: Mapping[str, str], installed: Mapping[str, str]) -> list[ReplacedPart]:
    """In what two sets of versions differ, of the packages that both name."""
    return [
        ReplacedPart(name, used[name], version)
        for name, version in sorted(installed.items())
        if name in used and used[name] != version
    ]

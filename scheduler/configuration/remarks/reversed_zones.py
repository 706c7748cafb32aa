"""Zones whose sign is the reverse of what people mean: `Etc/GMT+5` is five hours behind UTC, as POSIX has it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Final

from scheduler.configuration.model import ConfigLint, ConfiguredJob

_REVERSED: Final = re.compile(r"Etc/GMT([+-])([1-9][0-9]?)")


def reversed_zone_lints(jobs: Mapping[str, ConfiguredJob]) -> Iterator[ConfigLint]:
    """Of each job that names such a zone, and of `defaults` once."""
    in_defaults = False
    for job in jobs.values():
        definition = job.definition
        found = _REVERSED.fullmatch(definition.timezone)
        if found is None:
            continue
        told = _told(definition.timezone, found[1], found[2])
        if (line := job.written.get("timezone")) is not None:
            yield ConfigLint(line, 1, definition.name, "reversed-sign", told)
        elif (line := job.inherited.get("timezone")) is not None and not in_defaults:
            in_defaults = True
            yield ConfigLint(line, 1, "", "reversed-sign", told, "")


def _told(zone: str, sign: str, hours: str) -> str:
    way, other_way = ("behind", "ahead of") if sign == "+" else ("ahead of", "behind")
    other = f"Etc/GMT{'-' if sign == '+' else '+'}{hours}"
    return (
        f"{zone} is {hours} h {way} UTC, since these names count the other way round: {hours} h {other_way} UTC is "
        f"{other}; a zone with the name of a place, such as America/New_York, follows its clock changes too"
    )

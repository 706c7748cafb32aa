"""Remarks on zones whose sign is the reverse of what people mean."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from scheduler.configuration.lints import lints
from scheduler.configuration.model import ConfigLint
from tests.scheduler.configuration.reading import read


def reversed_signs(text: str) -> list[ConfigLint]:
    """The remarks on them."""
    return [remark for remark in lints(read(text)) if remark.code == "reversed-sign"]


@pytest.mark.parametrize(("zone", "hours"), [("Etc/GMT+5", -5), ("Etc/GMT-14", 14), ("Etc/GMT+1", -1)])
def test_what_such_a_zone_is_is_told(zone: str, hours: int) -> None:
    """And which one is meant: both as the database of zones has them."""
    (remark,) = reversed_signs(f"jobs:\n  a:\n    command: x\n    every: 1h\n    timezone: {zone}\n")
    way, other_way = ("ahead of", "behind") if hours > 0 else ("behind", "ahead of")
    other = zone.translate(str.maketrans("+-", "-+"))
    assert remark.message.startswith(f"{zone} is {abs(hours)} h {way} UTC")
    assert f": {abs(hours)} h {other_way} UTC is {other};" in remark.message
    assert datetime(2026, 1, 1, tzinfo=UTC).astimezone(ZoneInfo(zone)).utcoffset() == timedelta(hours=hours)
    assert (remark.line, remark.job, remark.file) == (5, "a", "")


def test_one_in_defaults_is_told_once() -> None:
    """At its line; a job that has a zone of its own is left alone."""
    jobs = "".join(f"  j{n}: {{command: x, every: 1h}}\n" for n in range(3))
    own = "  o: {command: x, every: 1h, timezone: UTC}\n"
    (remark,) = reversed_signs(f"defaults:\n  timezone: Etc/GMT-2\njobs:\n{jobs}{own}")
    assert (remark.line, remark.job) == (2, "")


@pytest.mark.parametrize(
    "zone", ["UTC", "Etc/UTC", "Etc/GMT", "Etc/GMT+0", "GMT0", "Europe/Paris", "EST5EDT"]
)
def test_other_zones_are_left_alone(zone: str) -> None:
    """Those of places, and those without an offset."""
    assert reversed_signs(f"jobs: {{a: {{command: x, every: 1h, timezone: {zone}}}}}") == []

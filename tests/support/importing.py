"""Imports for tests: the surroundings of a made-up machine, and the two steps from text to what was checked."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from scheduler.configuration.load import parse
from scheduler.configuration.model import Config
from scheduler.importing.checked import CheckedImport, check
from scheduler.importing.conversion import Surroundings
from scheduler.importing.crontab.conversion import convert, dialect_of
from scheduler.importing.crontab.dialect import Dialect
from scheduler.importing.crontab.lines import split
from scheduler.importing.systemd.conversion import LoadedTimer
from scheduler.importing.systemd.conversion import convert as convert_timers
from scheduler.importing.systemd.unit_file import Unit, read_directives

NOW = datetime(2026, 11, 29, 12, 0, tzinfo=UTC)
HOMES = {"root": "/root", "ann": "/home/ann", "www-data": "/var/www"}


def around(zone: str = "UTC", owner: str = "ann", taken: tuple[str, ...] = ()) -> Surroundings:
    """A machine with three users; the home is that of `owner`."""
    return Surroundings(zone, owner, owner == "root", HOMES.get, taken)


def imported(
    text: str | bytes,
    *,
    zone: str = "UTC",
    owner: str = "ann",
    dialect: Dialect | None = None,
    system: bool = False,
    now: datetime = NOW,
) -> CheckedImport:
    """What comes of a crontab."""
    lines = split(text.encode() if isinstance(text, str) else text)
    found = convert(
        lines,
        "crontab",
        dialect or dialect_of(lines),
        around(zone, owner),
        form="system" if system else "user",
    )
    return check(found, [], _read, now)


def _read(raw: bytes) -> Config:
    return parse(raw, Path("config.yaml"))


SERVICE = "[Service]\nExecStart=/bin/true\n"


def unit(name: str, text: str) -> Unit:
    """A unit of a text."""
    return Unit(name, name, read_directives(text.encode(), name))


def converted_timer(
    timer: str,
    service: str | None = SERVICE,
    *,
    owner: str = "root",
    of_user: bool = False,
    zone: str = "UTC",
    name: str = "job",
    now: datetime = NOW,
) -> CheckedImport:
    """What comes of a timer with these lines in [Timer], and of its service."""
    loaded = LoadedTimer(
        unit(f"{name}.timer", f"[Timer]\n{timer}\n"),
        None if service is None else unit(f"{name}.service", service),
        f"there is no {name}.service",
        of_user,
    )
    found = convert_timers([loaded], "systemd", around(zone, owner))
    return check(found, [], _read, now)


def told(checked: CheckedImport, kind: str) -> list[tuple[int, str]]:
    """The remarks of a kind, each with its line."""
    return [(remark.line, remark.text) for remark in checked.found.remarks if remark.kind == kind]

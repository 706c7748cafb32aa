"""Where units are: beside each other, or in the folders of systemd; with their drop-ins."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from cli.app.failures import Failure
from cli.terminal.printable import printable
from eventstore.regular_file import open_regular
from scheduler.importing.systemd.conversion import LoadedTimer
from scheduler.importing.systemd.unit_file import BYTES_MAX, Directive, NoUnit, Unit, read_directives

FOLDERS: Final = (
    "/etc/systemd/system",
    "/run/systemd/system",
    "/usr/local/lib/systemd/system",
    "/usr/lib/systemd/system",
    "/lib/systemd/system",
)
"""Those of the system's units, the first that has one counts (systemd.unit(5))."""
_DROP_INS_MAX = 100
_UNITS_MAX = 1_000


def load_timers(
    written: Sequence[str], of_user: bool | None, folders: Sequence[str] = FOLDERS
) -> list[LoadedTimer]:
    """The timers that were named, each with its service.

    Args:
        written: paths, or names of units to be looked for in the folders of systemd.
        of_user: whether they belong to a user's manager; None: told by where they are.
        folders: those of systemd.

    Raises:
        Failure: a timer is not there or is none.
    """
    if len(written) > _UNITS_MAX:
        raise Failure(f"{len(written):,} units are more than {_UNITS_MAX:,}: import some at a time")
    return [_load_timer(each, of_user, folders) for each in written]


def _load_timer(written: str, of_user: bool | None, folders: Sequence[str]) -> LoadedTimer:
    path = Path(written)
    if path.suffix != ".timer":
        raise Failure(
            f"{printable(written)} is no timer: its name does not end in .timer",
            "Name the timer; its service is found by it.",
        )
    found: Path | None = path
    if len(path.parts) == 1 and not path.exists():
        found = _found(path.name, [*folders, "."])
    if found is None:
        raise Failure(
            f"{printable(written)} cannot be read: it is neither here nor in the folders of systemd",
            "A unit that is elsewhere, such as one of a user, is named by its path.",
        )
    timer = _unit(path.name, found, folders)
    if path.name.endswith("@.timer"):
        raise Failure(
            f"{printable(written)} is a template: name an instance, such as {path.stem}NAME.timer, beside it"
        )
    unit = timer.last("Timer", "Unit")
    name = f"{path.stem}.service" if unit is None else unit.value
    service: Unit | None = None
    missing = f"{name}, which it starts, is no service"
    if name.endswith(".service") and "/" not in name:
        missing = f"there is no {name} beside it, nor in the folders of systemd"
        at = _found(name, [str(found.parent), *folders])
        service = None if at is None else _unit(name, at, folders)
    user = "/user/" in str(found.absolute()) if of_user is None else of_user
    return LoadedTimer(timer, service, missing, user)


def _found(name: str, folders: Sequence[str]) -> Path | None:
    """The first file of a unit, or that of the template that it is an instance of."""
    template = f"{name.partition('@')[0]}@.{name.rpartition('.')[2]}" if "@" in name else None
    for wanted in (name, template):
        for folder in folders:
            if wanted is not None and (path := Path(folder) / wanted).exists():
                return path
    return None


def _unit(name: str, path: Path, folders: Sequence[str]) -> Unit:
    if not path.exists() and "@" in name:
        path = _found(name, [str(path.parent)]) or path
    directives = list(_directives(path))
    for drop_in in _drop_ins(name, path, folders):
        directives += _directives(drop_in)
    return Unit(name, str(path), directives)


def _drop_ins(name: str, path: Path, folders: Sequence[str]) -> list[Path]:
    """Files that add to a unit, in their order: by name, of equal names the first."""
    beside = [path.parent] if str(path.parent) in folders else []
    named: dict[str, Path] = {}
    for folder in [path.parent, *(Path(each) for each in folders if beside)]:
        try:
            names = sorted(os.listdir(folder / f"{name}.d"))
        except OSError:
            continue
        for each in names[:_DROP_INS_MAX]:
            if each.endswith(".conf"):
                named.setdefault(each, folder / f"{name}.d" / each)
    return [named[each] for each in sorted(named)]


def _directives(path: Path) -> list[Directive]:
    try:
        with open(open_regular(path, follow=True), "rb") as opened:
            raw = opened.read(BYTES_MAX + 1)
    except OSError as problem:
        raise Failure(f"{printable(str(path))} cannot be read: {problem.strerror or problem}") from None
    try:
        return read_directives(raw, str(path))
    except NoUnit as problem:
        raise Failure(f"{printable(str(path))} is no unit file: {problem}") from None

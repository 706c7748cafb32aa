"""Putting units in place: all of them, or none where one may not be touched; and why that is, in words."""

from __future__ import annotations

import errno
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from cli.app.error_boundary import system_words
from cli.app.failures import Failure
from cli.install.machine import Machine
from cli.install.unit_folder import Found, Standing, look, put
from cli.install.unit_text import Unit
from cli.terminal.printable import printable

_UNTOUCHED = (Standing.EDITED, Standing.FOREIGN, Standing.OF_ANOTHER, Standing.MASKED)


class Placed(NamedTuple):
    """A unit's path, and whether it was written; otherwise it was as it should be. `kept`: where the old one is."""

    path: Path
    written: bool
    kept: Path | None = None


def place(units: Sequence[Unit], machine: Machine, *, force: bool) -> list[Placed]:
    """Write units where they are not there as they should be.

    Args:
        units: the units.
        machine: whose service manager is to have them.
        force: whether what was edited or is not ours is replaced.

    Raises:
        Failure: one may not be touched, and none was written; or there is no right to write there.
    """
    try:
        found = [look(machine.folder, unit, is_system=machine.is_system) for unit in units]
        for unit, each in zip(units, found, strict=True):
            if each.standing in _UNTOUCHED and not force:
                raise _refusal(unit, each)
        return [_placed(unit, each, machine) for unit, each in zip(units, found, strict=True)]
    except OSError as problem:
        raise _not_written(machine, problem) from None


def _placed(unit: Unit, found: Found, machine: Machine) -> Placed:
    if found.standing is Standing.SAME:
        return Placed(found.path, written=False)
    is_kept = found.standing in _UNTOUCHED and found.path.parent == machine.folder
    path, kept = put(machine.folder, unit, keep=is_kept)
    return Placed(path, written=True, kept=kept)


def _refusal(unit: Unit, found: Found) -> Failure:
    path, name = printable(str(found.path)), unit.file_name
    force = "--force replaces it, and keeps the old one beside it."
    match found.standing:
        case Standing.EDITED:
            return Failure(
                f"{path} was edited since it was written: it is left as it is",
                f"Move your settings to a file of their own (`systemctl edit {name}`), then {force}",
            )
        case Standing.OF_ANOTHER:
            return Failure(
                f"{path} is the unit of {printable(found.of)}, not of {printable(unit.of)}: it is left as it is",
                f"Give this one another name, with --unit-name. {force}",
            )
        case Standing.MASKED:
            return Failure(
                f"{name} is masked: somebody wants that it never starts",
                f"`systemctl unmask {name}` ends that; or give this one another name, with --unit-name.",
            )
        case _:
            return Failure(
                f"{path} was not written by cronledger: it is left as it is",
                f"Give this one another name, with --unit-name. {force}",
            )


def _not_written(machine: Machine, problem: OSError) -> Failure:
    if problem.errno not in (errno.EACCES, errno.EPERM) or not machine.is_system:
        return Failure(f"no unit can be written: {printable(system_words(problem))}")
    again = printable(shlex.join(["sudo", machine.program, *sys.argv[1:]]))
    return Failure(
        f"only root writes units of the system, into {machine.folder}",
        f"`{again}`; or --user, for your own service manager; --print prints them.",
    )

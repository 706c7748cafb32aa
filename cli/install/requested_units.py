"""Which units were asked for, and whose what they serve is."""

from __future__ import annotations

import os
import shlex
import stat
from pathlib import Path
from typing import NamedTuple

from cli.app.failures import Failure
from cli.install.hardened_units import console_unit, witness_unit
from cli.install.machine import Machine, unit_user
from cli.install.scheduler_unit import scheduler_unit
from cli.install.unit_escaping import Inexpressible, unit_name
from cli.install.unit_text import Unit
from cli.terminal.printable import printable
from scheduler.home import Home, NoHome
from scheduler.ownership.home_owner import owner_of


class UnitRequest(NamedTuple):
    """What is to be written.

    Attributes:
        home: the home, of the scheduler and the console.
        name: of the scheduler's unit; the others are called after it.
        leave_runs: whether runs go on when the scheduler stops, whatever its config says.
        console: whether the console gets a unit; console_listen: where it listens, None: on a socket of its own.
        state: the folder of a witness that gets a unit; witness_listen: where that listens.
    """

    home: Home
    name: str
    leave_runs: bool = True
    console: bool = False
    console_listen: str | None = None
    state: Path | None = None
    witness_listen: str | None = None

    @property
    def of_home(self) -> bool:
        """Whether units of the home are among them: a witness alone needs none."""
        return self.console or self.state is None


def owners_of(request: UnitRequest) -> set[int]:
    """The uids as which the units will act.

    Raises:
        NoHome: there is no home.
        Failure: there is no folder of a witness.
    """
    owners = {_home_owner(request.home)} if request.of_home else set()
    return owners if request.state is None else owners | {_state_owner(request.state)}


def units_of(request: UnitRequest, machine: Machine) -> list[Unit]:
    """The units.

    Raises:
        NoHome: there is no home.
        Failure: there is no folder of a witness; a path or name cannot stand in a unit; a unit would act as another.
    """
    try:
        return _units(request, machine)
    except Inexpressible as problem:
        raise Failure(f"no unit can be written: {printable(str(problem))}") from None


def _units(request: UnitRequest, machine: Machine) -> list[Unit]:
    name, units = unit_name(request.name), list[Unit]()
    if request.of_home:
        user = _user(_home_owner(request.home), machine)
        units.append(scheduler_unit(name, request.home, machine, user, leave_runs=request.leave_runs))
        if request.console:
            units.append(
                console_unit(f"{name}-console", request.home, machine, user, name, request.console_listen)
            )
    if request.state is not None:
        user, state = _user(_state_owner(request.state), machine), os.path.abspath(request.state)
        units.append(witness_unit(f"{name}-witness", state, machine, user, request.witness_listen))
    return units


def _user(uid: int, machine: Machine) -> str | None:
    if machine.is_system:
        return unit_user(uid)
    if uid != os.geteuid():
        raise Failure(
            f"that belongs to {unit_user(uid)}, and a unit of yours would act as you",
            f"Write it as {unit_user(uid)}, or as root with --system: then it acts as {unit_user(uid)}.",
        )
    return None


def _home_owner(home: Home) -> int:
    owner = owner_of(home)
    if owner is None or not (home.config.exists() or home.var.exists()):
        raise NoHome(home.root)
    return owner


def _state_owner(state: Path) -> int:
    try:
        found = state.stat()
        if stat.S_ISDIR(found.st_mode):
            return found.st_uid
        why = "it is no folder"
    except OSError as problem:
        why = problem.strerror or str(problem)
    raise Failure(
        f"there is no folder of a witness at {printable(str(state))}: {why}",
        f"`cronledger witness key generate --state {printable(shlex.quote(str(state)))} --name NAME` makes one: run "
        "it as the user as whom the witness is to act.",
    )

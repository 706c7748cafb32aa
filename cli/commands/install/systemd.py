"""`cronledger install systemd`: units that have systemd start the scheduler, the console and a witness."""

from __future__ import annotations

import getpass
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.failures import Failure, complain
from cli.app.invocation import show_commands
from cli.terminal.console import note, out
from cli.terminal.printable import printable
from scheduler.home import Home

if TYPE_CHECKING:
    from cli.install.machine import Machine
    from cli.install.placing import Placed
    from cli.install.unit_text import Unit


@click.command(epilog="Example: cronledger --home /srv/jobs install systemd --console")
@click.option(
    "--system/--user",
    "is_system",
    default=None,
    help="Units of the machine, or of your own service manager.  [default: --system for root, else --user]",
)
@click.option(
    "--unit-name",
    "name",
    metavar="NAME",
    default="cronledger",
    show_default=True,
    help="Name of the scheduler's unit; the others are NAME-console and NAME-witness.",
)
@click.option(
    "--stop-runs",
    is_flag=True,
    help="At a stop, do with runs what `shutdown` in the config says; otherwise they go on.",
)
@click.option("--console", is_flag=True, help="Write the console's unit too.")
@click.option(
    "--console-listen",
    metavar="ADDRESS",
    help="Where the console listens, as `console --listen` has it.  [default: a socket below /run]",
)
@click.option(
    "--witness",
    "state",
    metavar="DIR",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the unit of the witness with this folder: that one alone, but for --console.",
)
@click.option("--witness-listen", metavar="HOST:PORT", help="Where the witness listens.")
@click.option("--print", "only_print", is_flag=True, help="Print the units, and write nothing.")
@click.option(
    "--force",
    is_flag=True,
    help="Replace units that were edited or are not ours; the old ones are kept as NAME.service.before.",
)
@click.pass_obj
def systemd(
    home: Home,
    is_system: bool | None,
    name: str,
    stop_runs: bool,
    console: bool,
    console_listen: str | None,
    state: Path | None,
    witness_listen: str | None,
    only_print: bool,
    force: bool,
) -> None:
    """Write units that have systemd keep the scheduler of this home running.

    Under it the scheduler says when it is ready and what it does, a loop that hangs is killed and started again, and
    runs outlive a restart. The units are for this home and this installation of cronledger, and act as the home's
    owner. Those of console and witness are shut in: they can write nothing but what they are for.

    A unit that was edited, or that something else wrote, is not touched: what you want to be different belongs into
    a file of its own, which `systemctl edit NAME` makes. Nothing is started; the commands for that are printed.
    docs/systemd.md tells more.

    Exit code 2 if no unit can be written: no home, no systemd, no right, a unit that is not to be touched.
    """
    from cli.install.machine import require_runnable, this_machine
    from cli.install.placing import place
    from cli.install.requested_units import UnitRequest, owners_of, units_of
    from cli.install.unit_check import complaints

    if console_listen is not None and not console:
        raise click.UsageError("--console-listen goes with --console")
    if witness_listen is not None and state is None:
        raise click.UsageError("--witness-listen goes with --witness")
    machine = this_machine(is_system=os.geteuid() == 0 if is_system is None else is_system)
    request = UnitRequest(home, name, not stop_runs, console, console_listen, state, witness_listen)
    units = units_of(request, machine)
    if only_print:
        _print(units, machine)
        return
    if machine.systemd_version == 0:
        raise Failure(
            "this machine has no systemd: there is no `systemctl`",
            "--print prints the units, for another machine.",
        )
    if machine.is_system and os.geteuid() == 0:
        for uid in sorted(owners_of(request)):
            require_runnable(machine, uid)
    placed = place(units, machine, force=force)
    for complaint in complaints(units, is_system=machine.is_system):
        complain(f"systemd remarks: {printable(complaint)}")
    _tell(units, placed, machine)


def _print(units: Sequence[Unit], machine: Machine) -> None:
    from cli.install.unit_folder import marked

    for unit in units:
        out(printable(f"# {machine.folder / unit.file_name}"))
        for line in marked(unit).split("\n"):
            out(printable(line))


def _tell(units: Sequence[Unit], placed: Sequence[Placed], machine: Machine) -> None:
    """What was done, and what is to be done next."""
    from cli.install.machine import is_booted_by_systemd

    for each in placed:
        what = "Wrote" if each.written else "As it should be:"
        kept = f"; the old one is {printable(each.kept.name)}" if each.kept is not None else ""
        note(f"{what} {printable(str(each.path))}{kept}")
    if machine.is_system and not is_booted_by_systemd():
        note(
            "Note: this machine was not started by systemd, as in most containers: here nothing starts the units."
        )
    names = " ".join(unit.name for unit in units)
    systemctl = "systemctl" if machine.is_system else "systemctl --user"
    follow = "journalctl -u" if machine.is_system else "journalctl --user -u"
    commands = [
        (f"{systemctl} daemon-reload", "has systemd read them"),
        (f"{systemctl} enable --now {names}", "starts them, now and whenever the machine starts"),
        (f"{systemctl} restart {names}", "after a change of them, or an upgrade"),
        (f"{systemctl} status {units[0].name}", "shows what it does"),
        (f"{follow} {units[0].name} -f", "shows what it says"),
    ]
    if not machine.is_system:
        commands.insert(
            1, (f"loginctl enable-linger {getpass.getuser()}", "without it they end when you log out")
        )
    show_commands(commands)

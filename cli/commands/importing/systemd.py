"""`cronledger import systemd`: timers with their services as config."""

from __future__ import annotations

from pathlib import Path

import click

from cli.importing.options import Wanted, import_options
from scheduler.home import Home


@click.command(epilog="Example: cronledger import systemd backup.timer logrotate.timer -o moved.yaml")
@click.argument("units", metavar="UNIT.timer...", nargs=-1, required=True)
@click.option(
    "--user/--system",
    "of_user",
    default=None,
    help="Whether the units belong to a user's manager  [default: those in a folder user].",
)
@import_options
@click.pass_obj
def systemd(
    home: Home,
    units: tuple[str, ...],
    of_user: bool | None,
    zone: str | None,
    output: Path | None,
    part: str | None,
    as_json: bool,
) -> None:
    """Make config of timers and their services, and say line by line what becomes of them.

    UNIT.timer is a path, or a name that is looked for where systemd has its units; its service and the drop-ins of
    both are found by it. Each becomes a job with the same command, user, folder, variables and times, which catches
    up as Persistent= says. The next 50 times of each job are compared with those that systemd's rules give, read
    independently. Exit code 1: a unit was not imported, or its times are not the same. docs/importing.md has a table
    of all keys that are carried over.
    """
    from cli.importing.options import surroundings
    from cli.importing.report import finish
    from cli.importing.target import target_of
    from cli.importing.unit_files import load_timers
    from scheduler.importing.systemd.conversion import convert

    wanted = Wanted(zone, output, part, as_json)
    target = target_of(home, wanted)
    timers = load_timers(units, of_user)
    found = convert(timers, "systemd", surroundings(home, zone))
    names = ", ".join(loaded.timer.name for loaded in timers[:20])
    heading = [
        f"Imported from {names} by `cronledger import systemd`.",
        "systemd catches up only where Persistent= says so: hence catch_up.",
    ]
    finish(home, found, heading, wanted, target)

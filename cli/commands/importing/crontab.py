"""`cronledger import crontab`: the jobs of a crontab as config."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.failures import Failure
from cli.app.input_file import STANDARD_INPUT, given_bytes
from cli.app.options import Choice
from cli.importing.options import Wanted, import_options
from cli.terminal.printable import printable
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.importing.crontab.dialect import Dialect


@click.command(epilog="Example: crontab -l | cronledger import crontab - -o moved.yaml")
@click.argument("file", metavar="FILE|-")
@click.option(
    "--system/--user",
    "system",
    default=None,
    help="Whether a user stands in front of each command  [default: in /etc/crontab and /etc/cron.d].",
)
@click.option(
    "--cron",
    "dialect",
    type=Choice(("auto", "debian", "cronie"), "cron"),
    default="auto",
    show_default=True,
    help="Whose crontab it is; auto: cronie's if it says what only cronie obeys.",
)
@import_options
@click.pass_obj
def crontab(
    home: Home,
    file: str,
    system: bool | None,
    dialect: str,
    zone: str | None,
    output: Path | None,
    part: str | None,
    as_json: bool,
) -> None:
    """Make config of a crontab, and say line by line what becomes of it.

    Each entry becomes a job with the same command, variables, folder and times; comments right above it become its
    description. A job does what cron did: it runs beside its last run (overlap: allow), and nothing is caught up
    (catch_up: none); delete these lines for cronledger's own defaults. The next 50 times of each job are compared
    with those that cron's rules give, read independently. Exit code 1: a line was not imported, or its times are not
    the same. docs/importing.md has a table of all that a crontab can say.
    """
    from cli.importing.options import surroundings
    from cli.importing.report import finish
    from cli.importing.target import target_of
    from scheduler.importing.crontab.conversion import convert, dialect_of
    from scheduler.importing.crontab.lines import BYTES_MAX, NoCrontab, split

    wanted = Wanted(zone, output, part, as_json)
    target = target_of(home, wanted)
    raw = given_bytes(file, "a crontab", BYTES_MAX)
    source = "stdin" if file == STANDARD_INPUT else file
    try:
        lines = split(raw)
    except NoCrontab as problem:
        raise Failure(f"{printable(source)} is no crontab: {problem}") from None
    whose: Dialect = dialect_of(lines) if dialect == "auto" else "cronie" if dialect == "cronie" else "debian"
    of_system = _is_system(file) if system is None else system
    found = convert(lines, source, whose, surroundings(home, zone), form="system" if of_system else "user")
    heading = [
        f"Imported from {source} by `cronledger import crontab`.",
        "cron starts a command beside its last run and catches nothing up: hence overlap and catch_up.",
    ]
    finish(home, found, heading, wanted, target)


def _is_system(file: str) -> bool:
    """Whether a path is that of a system crontab."""
    path = Path(file).absolute()
    return path == Path("/etc/crontab") or path.parent == Path("/etc/cron.d")

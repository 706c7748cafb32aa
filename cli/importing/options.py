"""Options that the import commands share, and what they know of the machine."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import click

from cli.app.json_output import json_option
from cli.home.job_names import ZONE
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.importing.conversion import Surroundings

Command = TypeVar("Command", bound=Callable[..., Any])


class Wanted(NamedTuple):
    """What is wanted of an import, whatever its source.

    Attributes:
        zone: in which times are read that name none; None: this machine's.
        output: a file for the config; None: standard output.
        as_json: tell it for programs.
    """

    zone: str | None
    output: Path | None
    as_json: bool


def import_options(command: Command) -> Command:
    """Give a command `--timezone`, `--output` and `--json`."""
    command = json_option(command)
    command = click.option(
        "-o",
        "--output",
        type=click.Path(path_type=Path),
        metavar="FILE",
        help="Write the config to this new file; nothing that exists is replaced.",
    )(command)
    return click.option(
        "--timezone",
        "zone",
        type=ZONE,
        metavar="ZONE",
        help="The zone of times that name none  [default: this machine's].",
    )(command)


def surroundings(home: Home, zone: str | None) -> Surroundings:
    """What a conversion has to know of this machine and of the home that it is for."""
    import pwd

    from cli.times.zones import local_zone
    from scheduler.importing.conversion import Surroundings
    from scheduler.ownership.home_owner import owner_or_self

    def home_of(user: str) -> str | None:
        try:
            return pwd.getpwnam(user).pw_dir
        except (KeyError, ValueError):
            return None

    uid = owner_or_self(home)
    try:
        owner = pwd.getpwuid(uid).pw_name
    except KeyError:
        owner = str(uid)
    return Surroundings(zone or local_zone(), owner, uid == 0, home_of, _taken(home))


def _taken(home: Home) -> list[str]:
    """The names of the jobs that the home's config has; none where it cannot be read."""
    from scheduler.configuration import ConfigInvalid, ConfigMissing, ConfigUnreadable, load

    try:
        return list(load(home.config, home.root).jobs)
    except (ConfigInvalid, ConfigMissing, ConfigUnreadable):
        return []

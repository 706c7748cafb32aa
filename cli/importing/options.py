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
        output: a file for the config; None: standard output, or a part of the home's config.
        part: the name of a new file in `config.d` for it; None: none.
        as_json: tell it for programs.
    """

    zone: str | None
    output: Path | None
    part: str | None
    as_json: bool


def import_options(command: Command) -> Command:
    """Give a command `--timezone`, `--output`, `--into` and `--json`."""
    command = json_option(command)
    command = click.option(
        "--into",
        "part",
        metavar="NAME",
        help="Write the config to the new file NAME.yaml in config.d: the jobs come into force.",
    )(command)
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
    from cli.times.zones import local_zone
    from scheduler.importing.conversion import Surroundings
    from scheduler.ownership.home_owner import owner_or_self, user_name

    uid = owner_or_self(home)
    jobs, calendars = _taken(home)
    return Surroundings(zone or local_zone(), user_name(uid), uid == 0, home_folder_of, jobs, calendars)


def home_folder_of(user: str) -> str | None:
    """The home folder of a user; None if there is no such user."""
    import pwd

    try:
        return pwd.getpwnam(user).pw_dir
    except (KeyError, ValueError):
        return None


def _taken(home: Home) -> tuple[list[str], list[str]]:
    """The names of the jobs and calendars that the home's config has; none where it cannot be read."""
    from scheduler.configuration.errors import ConfigInvalid, ConfigMissing, ConfigUnreadable
    from scheduler.configuration.load import load

    try:
        config = load(home.config, home.root)
    except (ConfigInvalid, ConfigMissing, ConfigUnreadable):
        return [], []
    return list(config.jobs), list(config.calendars)

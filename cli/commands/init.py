"""`cronledger init`: a home with a config that runs as it stands and teaches the format."""

from __future__ import annotations

import os
from pathlib import Path

import click

from cli.app.failures import Failure
from cli.app.invocation import invocation, show_commands
from cli.terminal.console import tell
from cli.terminal.printable import printable
from scheduler.home import Home


@click.command(epilog="Example: cronledger --home ~/jobs init")
@click.pass_obj
def init(home: Home) -> None:
    """Make a home: a folder with a commented starter config.

    Nothing that exists is overwritten. The config holds a job that runs every minute, so that there is something to
    see, and two maintenance jobs.
    """
    from scheduler.configuration.errors import last_config_in_force
    from scheduler.configuration.keys.starter import STARTER

    if home.config.exists():
        command = invocation(home)
        raise Failure(
            f"there is a config already: {home.config}",
            f"It was left as it is. `{command} check` checks it, `{command} serve` runs it.",
        )
    if advice := last_config_in_force(home.config):
        raise Failure(
            f"jobs are in force here, and their config is gone: {home.config}",
            f"Nothing was written, for a scheduler would take these jobs away; {printable(advice)}.",
        )
    try:
        _make_folders(home.config.parent)
        with open(os.open(home.config, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(STARTER)
    except OSError as problem:
        raise Failure(f"the home cannot be made: {problem.filename}: {problem.strerror}") from None
    command = invocation(home)
    tell(f"Wrote {printable(str(home.config))}\n")
    show_commands(
        [
            (f"{command} serve", "starts the scheduler; Ctrl-C stops it"),
            (f"{command} jobs list", "shows the jobs"),
            (f"{command} check", "after an edit, says whether the config is right"),
        ]
    )


def _make_folders(folder: Path) -> None:
    """Make a folder and those it stands in, for the owner alone; existing ones stay as they are."""
    for path in [*reversed(folder.parents), folder]:
        if not path.is_dir():
            path.mkdir(mode=0o700, exist_ok=True)

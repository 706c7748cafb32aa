"""`--home`: which folder is worked on. It may stand before the command, or anywhere after it; the last one counts."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

import click

from cli.app.home_owner import act_as_owner
from scheduler.home import Home

_FOLDER = click.Path(file_okay=False, path_type=Path)


def _take(ctx: click.Context, _option: click.Parameter, folder: Path | None) -> None:
    """Make it the home of this command and of those below it."""
    if folder is not None:
        ctx.obj = Home(Path(os.path.abspath(folder)))


home_option = click.option(
    "--home",
    envvar="CRONLEDGER_HOME",
    default=".",
    show_default="the current directory",
    type=_FOLDER,
    expose_value=False,
    callback=_take,
    help="Folder that holds the config and the ledger; may also stand after the command. Also CRONLEDGER_HOME.",
)
"""For the command that all others are below."""

_HOME_HERE = click.Option(
    ["--home"], type=_FOLDER, expose_value=False, callback=_take, hidden=True, help="See `cronledger --help`."
)


def with_home(command: click.Command) -> click.Command:
    """The command, which now takes `--home` too, and acts as the home's owner or says why not.

    Its own help and documentation do not repeat the option.
    """
    if _HOME_HERE not in command.params:
        command.params.append(_HOME_HERE)
        if command.callback is not None and _does_something(command):
            command.callback = _as_owner(command.callback)
    return command


def _does_something(command: click.Command) -> bool:
    return not isinstance(command, click.Group) or command.invoke_without_command


def _as_owner(callback: Callable[..., Any]) -> Callable[..., Any]:
    @wraps(callback)
    def run(*arguments: Any, **options: Any) -> Any:
        ctx = click.get_current_context()
        if ctx.invoked_subcommand is None:
            act_as_owner(ctx)
        return callback(*arguments, **options)

    return run


def home_of(ctx: click.Context) -> Home:
    """The home as far as it has been typed, for completion."""
    return ctx.obj if isinstance(ctx.obj, Home) else Home(Path.cwd())

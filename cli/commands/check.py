"""`cronledger check`: whether the config is right, and nothing else."""

from __future__ import annotations

import sys

import click
import msgspec

from cli.app.failures import ExitCode
from cli.app.json_output import json_option, show_json
from cli.terminal.console import fitted, note, paint, tell, wants_colour
from cli.terminal.printable import printable, show_count
from scheduler.configuration import Config, ConfigInvalid, load
from scheduler.configuration.lints import lints
from scheduler.home import Home

_HANG = 4
_WARNINGS_MAX = 200
"""So many are shown to people; of the others, how many there are."""


@click.command(epilog="Example: cronledger check && git commit -am 'Run the backup at 3'")
@json_option
@click.pass_obj
def check(home: Home, as_json: bool) -> None:
    """Check the config and do nothing else.

    Every mistake is shown with its line and what was probably meant; what is legal but surprising is shown as a
    warning. The exit code is 0 if the config can be used, 2 if it cannot.
    """
    if as_json:
        _check_for_programs(home)
        return
    config = load(home.config, home.root)
    _warn(config)
    tell(f"{printable(str(home.config))}: all right, {show_count(len(config.jobs), 'job')}")


def _warn(config: Config) -> None:
    colour = wants_colour(sys.stderr)
    path = printable(str(config.path))
    found = lints(config)
    for remark in found[:_WARNINGS_MAX]:
        place = paint(f"{path}:{remark.line}:{remark.column}:", "strong", colour)
        about = f"{printable(remark.job)}: " if remark.job else ""
        text = (
            f"{place} {paint('warning:', 'warn', colour)} {about}{printable(remark.message)} [{remark.code}]"
        )
        click.echo(fitted(text, sys.stderr, hang=_HANG), err=True, color=colour)
    if len(found) > _WARNINGS_MAX:
        note(f"and {show_count(len(found) - _WARNINGS_MAX, 'more warning')}; --json has all")


def _check_for_programs(home: Home) -> None:
    try:
        config = load(home.config, home.root)
    except ConfigInvalid as problem:
        errors = [
            {name: getattr(error, name) for name in error.__struct_fields__} for error in problem.errors
        ]
        found = {"path": str(home.config), "digest": problem.digest, "valid": False, "jobs": None}
        show_json({**found, "errors": errors, "error_count": problem.count, "warnings": []})
        raise click.exceptions.Exit(ExitCode.USAGE) from None
    show_json(
        {
            "path": str(home.config),
            "digest": config.digest,
            "valid": True,
            "jobs": len(config.jobs),
            "errors": [],
            "error_count": 0,
            "warnings": [msgspec.to_builtins(remark._asdict()) for remark in lints(config)],
        }
    )

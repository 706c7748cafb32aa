"""`cronledger plan`: what the config would change, before it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cli.app.config_errors import mistakes_document
from cli.app.failures import ExitCode, Failure
from cli.app.input_file import STANDARD_INPUT
from cli.app.json_output import json_option, show_json
from cli.app.options import WholeNumber
from cli.home.job_names import JOB, nearest_names
from cli.home.named_config import named_config, named_config_options
from cli.planning.progress import planned
from cli.terminal.printable import printable
from cli.times.show import JOBS_ZONE, utc_option
from scheduler.configuration.errors import ConfigInvalid
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.planning.home_plan import HomePlan

_DAYS, _DAYS_MAX = 30, 366


@click.command(epilog="Example: cronledger plan edited.yaml --job nightly")
@named_config_options
@click.option(
    "--job", "names", metavar="NAME", type=JOB, multiple=True, help="Only this job; several: these."
)
@click.option(
    "--days",
    type=WholeNumber(1, _DAYS_MAX),
    metavar="N",
    default=_DAYS,
    show_default=True,
    help="How far from now to look at times.",
)
@click.option(
    "--exit-code", is_flag=True, help="Leave with 4 if something would change, and with 0 if nothing would."
)
@utc_option(JOBS_ZONE)
@json_option
@click.pass_obj
def plan(
    home: Home,
    file: str | None,
    part: str | None,
    names: tuple[str, ...],
    days: int,
    exit_code: bool,
    utc: bool,
    as_json: bool,
) -> None:
    """Show what the config would change, before it does; nothing is recorded.

    Jobs that are new, removed or changed, with old and new values; which of their times disappear and appear; what
    becomes of the runs that are going or waiting; which changes a second person has to approve; what was missed and
    would be caught up. With FILE (- is standard input) it is about that file, as if it stood in place of config.yaml,
    or with --into of a file in config.d: while a scheduler is running it takes every edit of the config up at once.

    A config with mistakes is shown as `check` shows it, with the same exit code 2.
    """
    try:
        found = planned(home, days, named_config(home, file, part))
    except ConfigInvalid as problem:
        if not as_json:
            raise
        show_json({**mistakes_document(problem), "changes": None})
        raise click.exceptions.Exit(ExitCode.USAGE) from None
    if names:
        found = _chosen(found, names)
    if as_json:
        from cli.planning.document import plan_document

        show_json(plan_document(found))
    else:
        from cli.planning.report import tell_plan

        source = "" if file is None else "it" if file == STANDARD_INPUT else printable(file)
        tell_plan(home, found, utc=utc, days=days, alone=bool(names), source=source)
    if exit_code and found.changes:
        raise click.exceptions.Exit(ExitCode.CHANGES)


def _chosen(found: HomePlan, names: Sequence[str]) -> HomePlan:
    """The plan of some jobs.

    Raises:
        Failure: neither the config nor what is in force has one of them.
    """
    from scheduler.planning.home_plan import chosen

    known = {**found.config.jobs, **{each.edit.name: None for each in found.plan.jobs}}
    for name in names:
        if name not in known:
            meant = nearest_names(name, known)
            raise Failure(
                f'no job "{printable(name)}"' + (f": did you mean {printable(meant)}?" if meant else "")
            )
    return chosen(found, names)

"""`jobs run`: what a person wants run now, whatever the schedule says."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, Failure
from cli.app.json_output import json_option, show_json
from cli.app.options import raw_option, reason_option
from cli.home.job_names import JOB
from scheduler.home import Home

if TYPE_CHECKING:
    from cli.runs.wanted import Wanted
    from scheduler.configuration.job_kinds.custom_jobs import CustomJobs
    from scheduler.definition import JobDefinition


@click.command(epilog="Example: cronledger jobs run nightly --reason 'after the outage'")
@click.argument("names", metavar="NAME...", nargs=-1, required=True, type=JOB)
@click.option(
    "--wait/--no-wait", default=True, help="Follow the runs until they end (the default), or return at once."
)
@click.option(
    "--param",
    "params",
    multiple=True,
    metavar="NAME=VALUE",
    help="A value for a parameter of the jobs; repeatable. It is recorded, so a secret one is refused.",
)
@reason_option
@click.option(
    "--with-dependents",
    is_flag=True,
    help="If they succeed, the jobs that run after them follow; without it nothing follows what a person ran.",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Only show what would be executed, its variables by name; a Python job that can is run so.",
)
@raw_option
@json_option
@click.pass_obj
def run(
    home: Home,
    names: tuple[str, ...],
    wait: bool,
    params: tuple[str, ...],
    reason: str,
    with_dependents: bool,
    dry_run: bool,
    raw: bool,
    as_json: bool,
) -> None:
    """Run jobs now, whatever their schedule says, and show what they print.

    The scheduler that serves the home runs them; where none does, this command does it itself. A job that is disabled
    runs too. With several names they run beside each other, and each line of output is labelled with its job. At a
    terminal, what it would obey is escaped in the output; to a pipe or a file the bytes go as they are.

    Why a run has not started after a second is said: it waits for its turn or for a lock, or the scheduler is paused.
    Ctrl-C stops a run that this command executes (twice: kills it); of a run in the scheduler it only stops showing
    the output, and one that has not started is still wanted. Exit code 1 if a run did not succeed.

    With --dry-run nothing is executed or recorded: program, arguments, folder and the names of its variables are
    shown. Exit code 1 if this command would execute it and could not. A job in Python whose class says
    supports_dry_run, as both cleanups do, is run by this command, changes nothing, and is recorded as such.
    """
    from cli.runs.wanted import Wanted

    wanted = Wanted(list(dict.fromkeys(names)), reason, params)
    if dry_run and with_dependents:
        raise click.UsageError("nothing follows a dry run: --with-dependents does not go with --dry-run")
    wanted = wanted._replace(with_dependents=with_dependents)
    if dry_run:
        if not _all_run_dry(home, wanted.names):
            sys.exit(_show_dry_runs(home, wanted, as_json))
        wanted = wanted._replace(dry_run=True)
    from cli.runs.runners.execution import request_and_follow, request_and_return

    if wait or wanted.dry_run:
        sys.exit(request_and_follow(home, wanted, raw=raw, as_json=as_json))
    sys.exit(request_and_return(home, wanted, as_json=as_json))


def _all_run_dry(home: Home, names: Sequence[str]) -> bool:
    """Whether they are jobs in Python whose classes obey a dry run; one of them alone that does not is only shown.

    Raises:
        Failure: some are, and others are not.
    """
    from scheduler.configuration.job_kinds.custom_jobs import CustomJobs
    from scheduler.configuration.reading.current_config import read_config

    config, _ = read_config(home)
    custom = CustomJobs(home.root)
    definitions = {} if config is None else config.definitions
    obeying = [name for name in names if _obeys_dry_run(definitions.get(name), custom)]
    if obeying and len(obeying) != len(names):
        raise Failure(f"{' and '.join(obeying)} would be run, and the others only shown", "Name them apart.")
    return bool(obeying)


def _obeys_dry_run(definition: JobDefinition | None, custom: CustomJobs) -> bool:
    if definition is None or definition.python is None:
        return definition is not None and definition.built_in
    job = custom.find(definition.name).job
    return job is not None and job.target == definition.python and job.dry_run


def _show_dry_runs(home: Home, wanted: Wanted, as_json: bool) -> int:
    """Show what would be run; the exit code."""
    from cli.home.job_names import find_job
    from cli.home.open import to_read
    from cli.runs.dry_run import dry_run
    from cli.terminal.console import note
    from cli.terminal.tables import details

    with to_read(home, with_config=True) as view:
        found = [dry_run(view, find_job(view.state, name), wanted.params) for name in wanted.names]
    if as_json:
        show_json([each.document() for each in found])
    else:
        for each in found:
            details(each.facts(), title=f"a run of {each.job.name}, by hand")
        note("Nothing was executed, and nothing recorded.")
    failed = any(each.problem and not each.served for each in found)
    return ExitCode.FAILED if failed else ExitCode.DONE

"""`jobs run`: what a person wants run now, whatever the schedule says."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, Failure
from cli.app.json_output import json_option, show_json
from cli.app.options import raw_option, reason_option
from cli.home.job_names import JOB
from cli.runs.wanted import Wanted
from cli.terminal.console import fitted
from cli.terminal.printable import printable
from scheduler.home import Home

if TYPE_CHECKING:
    from cli.runs.detached import OnDurable
    from cli.runs.runner import Runner

_OUT, _ERR = 1, 2
_SIGNALLED = 128
"""Added to the number of the signal that ended the following, as shells have it: 130 after Ctrl-C."""


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
    dry_run: bool,
    raw: bool,
    as_json: bool,
) -> None:
    """Run jobs now, whatever their schedule says, and show what they print.

    The scheduler that serves the home runs them; where none does, this command does it itself. A job that is disabled
    runs too. With several names they run beside each other, and each line of output is labelled with its job. At a
    terminal, what it would obey is escaped in the output; to a pipe or a file the bytes go as they are.

    Why a run has not started after a second is said: it waits for its turn, or the scheduler is paused. Ctrl-C stops
    a run that this command executes (twice: kills it); of a run in the scheduler it only stops showing the output,
    and one that has not started is still wanted. Exit code 1 if a run did not succeed.

    With --dry-run nothing is executed or recorded: program, arguments, folder and the names of its variables are
    shown. Exit code 1 if this command would execute it and could not. A job in Python whose class says
    supports_dry_run is run by this command, changes nothing, and is recorded as such.
    """
    wanted = Wanted(list(dict.fromkeys(names)), reason, params)
    if dry_run:
        if not _all_run_dry(home, wanted.names):
            sys.exit(_show_dry_runs(home, wanted, as_json))
        sys.exit(_run_and_wait(home, wanted._replace(dry_run=True), raw, as_json))
    if wait:
        sys.exit(_run_and_wait(home, wanted, raw, as_json))
    sys.exit(_run_and_return(home, wanted, as_json))


def _all_run_dry(home: Home, names: Sequence[str]) -> bool:
    """Whether they are jobs in Python whose classes obey a dry run; one of them alone that does not is only shown.

    Raises:
        Failure: some are, and others are not.
    """
    from scheduler.configuration.custom_jobs import CustomJobs
    from scheduler.ledger.view import read_config

    config, _ = read_config(home)
    custom = CustomJobs(home.root)
    definitions = {} if config is None else config.definitions
    obeying = []
    for name in names:
        definition = definitions.get(name)
        job = None if definition is None or definition.python is None else custom.find(name).job
        if job is not None and definition is not None and job.target == definition.python and job.dry_run:
            obeying.append(name)
    if obeying and len(obeying) != len(names):
        raise Failure(f"{' and '.join(obeying)} would be run, and the others only shown", "Name them apart.")
    return bool(obeying)


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


def _run_and_wait(home: Home, wanted: Wanted, raw: bool, as_json: bool) -> int:
    """Run and follow; the exit code."""
    from cli.runs.runner import OutputPlaces
    from scheduler.scheduler_lock import holder_of

    places = OutputPlaces(_ERR if as_json else _OUT, _ERR, labelled=len(wanted.names) > 1, raw=raw)
    # What a scheduler runs has no options.
    holder = None if wanted.dry_run else holder_of(home.scheduler_lock)
    with ExitStack() as stack:
        runner: Runner
        if holder is None:
            from cli.runs.direct import direct_runner

            runner = stack.enter_context(direct_runner(home, places))
        else:
            from cli.runs.via_scheduler import scheduler_runner

            runner = stack.enter_context(scheduler_runner(home, holder, places))
        runner.request(wanted, _ignore)
        settled = runner.watched.settled
        try:
            stopped_by = runner.follow()
        finally:
            if as_json:
                show_json([settled[number].members() for number in sorted(settled)])
    if stopped_by is not None:
        return _SIGNALLED + stopped_by
    return ExitCode.DONE if runner.all_succeeded else ExitCode.FAILED


def _run_and_return(home: Home, wanted: Wanted, as_json: bool) -> int:
    """Have them run and return once the requests are durable; the exit code."""
    from cli.runs.detached import DetachedRun, detach
    from scheduler.scheduler_lock import holder_of

    holder = holder_of(home.scheduler_lock)
    if holder is None:
        requested = detach(partial(_execute_detached, home, wanted))
    else:
        from cli.runs.via_scheduler import scheduler_runner

        requested = []
        with scheduler_runner(home, holder, None) as runner:
            runner.request(wanted, lambda number, job: requested.append(DetachedRun(number, job)))
    if as_json:
        show_json([{"run": one.run, "job": one.job, "skipped": one.skipped or None} for one in requested])
    else:
        for one in requested:
            words = one.skipped or f"run {one.run} of {one.job} requested"
            click.echo(
                fitted(printable(words), sys.stderr if one.skipped else sys.stdout), err=bool(one.skipped)
            )
    return ExitCode.FAILED if any(one.skipped for one in requested) else ExitCode.DONE


def _execute_detached(home: Home, wanted: Wanted, report: OnDurable) -> None:
    """In a process of its own: execute the runs and report when all the requests are durable."""
    from cli.runs.detached import DetachedRun
    from cli.runs.direct import direct_runner

    with direct_runner(home, None) as runner:
        requested: list[DetachedRun] = []

        def on_requested(number: int, job: str) -> None:
            requested.append(DetachedRun(number, job, runner.watched.skip_words(number)))
            if len(requested) == len(wanted.names):
                report(requested)

        runner.request(wanted, on_requested)
        runner.follow()


def _ignore(number: int, job: str) -> None:
    """For callers that need not know when a request is durable."""

"""`jobs retry`: runs that did not succeed, made again."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, Failure
from cli.app.json_output import json_option
from cli.app.options import WholeNumber, count_option, raw_option, reason_option
from cli.home.job_names import JOB, check_past
from cli.home.job_tags import tag_option, tagged
from cli.terminal.console import note
from cli.times.parse import parse_time
from scheduler.home import Home

if TYPE_CHECKING:
    from cli.runs.wanted import FailedRun


@click.command(epilog="Example: cronledger jobs retry --failed --since 1h --reason 'the database is back'")
@click.argument("runs", metavar="[RUN]...", nargs=-1, type=WholeNumber(0))
@click.option("--failed", is_flag=True, help="All runs that failed since --since and were not made again.")
@click.option(
    "--since",
    metavar="TIME",
    help="Ended at this time or later: 1h, today, 2026-11-23, 2026-11-23T18:00:00Z.",
)
@click.option("--job", "name", type=JOB, metavar="NAME", help="With --failed: of this job only.")
@tag_option("With --failed: of jobs with this tag; several: with any of them.")
@count_option("--limit", 100, "With --failed: if there are more, nothing is run.")
@click.option(
    "--wait/--no-wait", default=True, help="Follow the runs until they end (the default), or return at once."
)
@reason_option
@raw_option
@json_option
@click.pass_obj
def retry(
    home: Home,
    runs: tuple[int, ...],
    failed: bool,
    since: str | None,
    name: str | None,
    tags: tuple[str, ...],
    count: int,
    wait: bool,
    reason: str,
    raw: bool,
    as_json: bool,
) -> None:
    """Make runs again that did not succeed, by their numbers, or all that failed since a time.

    Each is a new run with a number of its own, on record as a retry of the old one, which keeps its outcome. It gets
    the definition of its job as it is now, the old run's values of parameters, and its instant as
    CRONLEDGER_SCHEDULED_FOR. Runs of one job are made one after another, oldest first, unless its `overlap` is allow.

    --failed means the outcomes failed, timed_out and lost; a run that was cancelled, or of whose end nobody knows, is
    made again by its number only. Exit code 1 if a run did not succeed, or cannot be made again.
    """
    from cli.runs.runners.execution import request_and_follow, request_and_return
    from cli.runs.wanted import Wanted

    if bool(runs) == failed:
        raise click.UsageError("give the numbers of runs, or --failed with --since")
    if failed and since is None:
        raise click.UsageError("--failed needs --since TIME")
    if not failed and (since is not None or name is not None or tags):
        raise click.UsageError("--since, --job and --tag go with --failed")
    found = _found(home, runs, since, name, tags)
    if len(found) > count and failed:
        raise Failure(
            f"{len(found)} runs failed since then, and at most {count} are made again at once; nothing was recorded",
            "--limit allows more.",
            ExitCode.FAILED,
        )
    if not found:
        note("no run failed since then that was not made again")
        return
    wanted = Wanted((), reason, again=found)
    if wait:
        sys.exit(request_and_follow(home, wanted, raw=raw, as_json=as_json))
    sys.exit(request_and_return(home, wanted, as_json=as_json))


def _found(
    home: Home, runs: tuple[int, ...], since: str | None, name: str | None, tags: tuple[str, ...]
) -> list[FailedRun]:
    """The runs to be made again; of jobs that are no longer configured those alone that are named."""
    from cli.home.open import to_read
    from cli.runs.retrial import failed_since, named_runs

    with to_read(home, quiet=True) as view:
        store = None if view.ledger is None else view.ledger.store
        if name is not None:
            check_past(view.state, name)
        if since is None:
            return named_runs(store, runs)
        if store is None:
            return []
        present = view.state.present_jobs()
        chosen = [job.name for job in (tagged(present, tags) if tags else present)]
        jobs = chosen if name is None else [name]
        return failed_since(store, parse_time(since, "--since", datetime.now(UTC)), jobs)

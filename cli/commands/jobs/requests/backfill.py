"""`jobs backfill`: runs for times of a job that passed without one."""

from __future__ import annotations

import click

from cli.app.json_output import json_option
from cli.app.options import count_option, reason_option
from cli.home.job_names import JOB
from scheduler.home import Home
from scheduler.rules.requests.backfill import BACKFILL_MAX


@click.command(
    epilog="Example: cronledger jobs backfill nightly --from 2026-11-20 --to 2026-11-22 --missed-only"
)
@click.argument("name", metavar="NAME", type=JOB)
@click.option(
    "--from",
    "begin",
    metavar="TIME",
    required=True,
    help="The first time: 2026-11-20 (when that day begins), 2026-11-20T02:30, 3d (ago), on the job's clocks.",
)
@click.option(
    "--to", "end", metavar="TIME", default="now", show_default=True,
    help="Up to, not including, this time; a date stands for that whole day.",
)  # fmt: skip
@click.option(
    "--missed-only",
    is_flag=True,
    help="Only times that the ledger says were missed, or whose run was skipped.",
)
@click.option(
    "--with-dependents",
    is_flag=True,
    help="The jobs that run after it follow what succeeds, for the same times; without it nothing follows.",
)
@click.option("--dry-run", is_flag=True, help="Only list the times; nothing is recorded.")
@count_option("--limit", 100, "If there are more, nothing is run.", most=BACKFILL_MAX)
@reason_option
@json_option
@click.pass_obj
def backfill(
    home: Home,
    name: str,
    begin: str,
    end: str,
    missed_only: bool,
    with_dependents: bool,
    dry_run: bool,
    count: int,
    reason: str,
    as_json: bool,
) -> None:
    """Have a job run for times that passed without a run: those of its schedule as it is today.

    A time that has a run already, whatever came of it, is left (`jobs retry` makes runs again), and so is what a
    scheduler has still to settle. The others are run by the scheduler, the oldest first, one after the other; each
    has its time as CRONLEDGER_SCHEDULED_FOR. A job that is disabled runs too.

    `jobs cancel NAME --all` ends it, and so does disabling the job or taking it out of the config. Exit code 1 if
    there is nothing to run, or more than --limit.
    """
    from cli.runs.backfill import Asked, request_backfill, show_backfill

    asked = Asked(name, begin, end, missed_only, count, with_dependents)
    if dry_run:
        show_backfill(home, asked, as_json=as_json)
    else:
        request_backfill(home, asked, reason, as_json=as_json)

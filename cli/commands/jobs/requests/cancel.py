"""`jobs cancel`: stop runs, or keep them from starting."""

from __future__ import annotations

import click

from cli.app.options import reason_option
from cli.home.job_names import JOB
from cli.terminal.console import tell
from scheduler.home import Home


@click.command(epilog="Example: cronledger jobs cancel 41 --reason 'takes too long'")
@click.argument("target", metavar="RUN|NAME", type=JOB)
@click.option(
    "--all", "all_runs", is_flag=True, help="Of a job with several such runs, stop all; end its backfill."
)
@reason_option
@click.pass_obj
def cancel(home: Home, target: str, all_runs: bool, reason: str) -> None:
    """Stop a run that is running or waiting, by its number or by the name of its job.

    If a job has several such runs, nothing is stopped and they are told: one is chosen by its number, or all by
    --all.

    Who watches the run stops it: SIGTERM to all its processes, and SIGKILL when `kill_after` is over. Exit
    code 1 if it has ended already. What waits for a scheduler while none runs is cancelled at once, and never
    started.
    """
    from cli.home.open import to_write
    from cli.runs.cancel import cancel_runs

    with to_write(home) as ledger:
        for line in cancel_runs(home, ledger, target, reason, all_runs=all_runs):
            tell(line)

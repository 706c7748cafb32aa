"""`cronledger status`: the scheduler, the config and the ledger at a glance."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode
from cli.app.json_output import json_option, show_json
from cli.home.open import to_read
from cli.terminal.console import exit_code_counts, out
from cli.terminal.tables import details
from cli.times.show import MACHINES_ZONE, local_zone, utc_option
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.ledger.view import View


@click.command(epilog="Example: cronledger --home ~/jobs status")
@utc_option(MACHINES_ZONE)
@click.option("--exit-code", is_flag=True, help="Leave with 1 unless a scheduler serves and is well.")
@json_option
@click.pass_obj
@exit_code_counts()
def status(home: Home, utc: bool, exit_code: bool, as_json: bool) -> None:
    """Show how the scheduler, the config, the jobs and the ledger are doing.

    The exit code is 0 whatever the answer is, 3 if the ledger cannot be trusted: its end and the length of each
    segment are looked at. `cronledger ledger verify` checks every byte. With --exit-code, for health checks, it is 1
    where no scheduler serves the home from this machine, it is paused, a signal has stopped it, it does not reach
    its database, or its heartbeat is not touched.
    """
    with to_read(home, with_outline=True, quiet=True) as view:
        _show(home, view, utc=utc, as_json=as_json)
        if exit_code:
            from cli.status.heartbeat import is_well

            if not is_well(view):
                sys.exit(ExitCode.FAILED)


def _show(home: Home, view: View, *, utc: bool, as_json: bool) -> None:
    if as_json:
        from cli.status.document import status_document

        show_json(status_document(view))
        return
    from cli.status.lines import status_facts

    details(status_facts(view, "UTC" if utc else local_zone()))
    if view.holder is None:
        from cli.app.invocation import invocation, show_commands

        out("")
        show_commands([(f"{invocation(home)} serve", "starts the scheduler")])

"""`cronledger upgrade`: what this version would do to a home that another one wrote."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, Failure
from cli.app.json_output import json_option, show_json
from cli.terminal.console import exit_code_counts
from scheduler.home import Home

if TYPE_CHECKING:
    from cli.upgrade.outlook import Outlook

_EXIT_CODES = {"in the way": ExitCode.FAILED, "too old": ExitCode.LEDGER}


@click.command(epilog="Example: cronledger upgrade --check")
@click.option("--check", is_flag=True, help="Say what would happen, and do nothing.")
@json_option
@click.pass_obj
@exit_code_counts()
def upgrade(home: Home, check: bool, as_json: bool) -> None:
    """Say what this version of cronledger would do to the home.

    An upgrade needs no command: install the new version, restart the scheduler. Before that, --check, run with the
    new version, says which one wrote last, whether the ledger and the config can be taken as they are, what is
    made anew, what is missing, and what cannot be undone. It changes nothing, and may run beside a scheduler.

    Exit code 1 if something is in the way: a config that this version refuses, or an extra that is not
    installed. Exit code 3 if this version is too old for the ledger, or the ledger cannot be trusted.
    """
    if not check:
        raise Failure(
            "an upgrade needs no command",
            "Install the new version and restart the scheduler; see --check before.",
        )
    found = _outlook(home)
    if as_json:
        import msgspec

        show_json(msgspec.structs.asdict(found))
    else:
        from cli.terminal.tables import details
        from cli.times.zones import local_zone
        from cli.upgrade.lines import facts

        details(facts(found, local_zone()))
    sys.exit(_EXIT_CODES.get(found.verdict, ExitCode.DONE))


def _outlook(home: Home) -> Outlook:
    """Look at the home without leaving a trace.

    Raises:
        Failure: there is no ledger, or its database cannot be reached by this installation.
        Corrupt, NewerFormat, Unavailable: the ledger cannot be trusted or read.
    """
    from contextlib import closing

    from cli.app.ledger_wait import patience_explained
    from cli.upgrade.outlook import missing_extras, outlook
    from scheduler.ledger.open import open_ledger_to_read
    from scheduler.ledger.view import view_of
    from scheduler.store import has_ledger

    if not has_ledger(home):
        raise Failure(
            f"{home.root} has no ledger yet: there is nothing to upgrade", "`cronledger init` makes a home."
        )
    if missing_extras(home, None):
        raise Failure(
            "the ledger is in a PostgreSQL database, and psycopg is not installed",
            "Install it: pip install 'cronledger[postgresql]'",
            ExitCode.FAILED,
        )
    with patience_explained(home.ledger):
        ledger = open_ledger_to_read(home)
    with closing(ledger.store):
        return outlook(view_of(home, with_config=True, opened=ledger), ledger)

"""`ledger tail`: the newest entries, also of a damaged ledger, as far as can be read."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from pathlib import Path

import click

from cli.app.failures import Failure, complain
from cli.app.json_output import json_option
from cli.app.options import count_option
from cli.home.job_names import JOB, check_past
from cli.ledger.entry_types import ENTRY_TYPE
from cli.ledger.options import ledger_option, machine_utc_option, raw_option
from scheduler.home import Home
from scheduler.store import is_on_database, look_for_entries


@click.command(epilog="Example: cronledger ledger tail -f --type 'run.*'")
@count_option("--lines", 20, "How many.", least=0)
@click.option("-f", "--follow", is_flag=True, help="Go on with each entry as it is appended, until Ctrl-C.")
@click.option(
    "--job", type=JOB, metavar="NAME", help="Only entries about this job, also one that was removed."
)
@click.option(
    "--type",
    "kind",
    type=ENTRY_TYPE,
    metavar="TYPE",
    help="Only entries of this type; `run.*` for all that begin so.",
)
@ledger_option
@raw_option
@json_option
@machine_utc_option
@click.pass_obj
def tail(
    home: Home,
    count: int,
    follow: bool,
    job: str | None,
    kind: str | None,
    folder: Path | None,
    raw: bool,
    as_json: bool,
    utc: bool,
) -> None:
    """Show the newest entries, the last one last; with -f also those that come, whoever appends them.

    With --json each entry is one line of JSON. Ctrl-C is how following ends: exit code 0. In a damaged ledger
    what is newer than the damage is shown, and then where that is: exit code 3. A type that does not exist is refused
    with the nearest; a job that neither the config nor the ledger has ever had is answered with a warning.
    """
    from cli.ledger.tail import EntryPrinter, EntrySelection, tail_ledger

    if raw and as_json:
        raise click.UsageError("--raw and --json exclude each other")
    if job is not None and folder is None:
        _look_up(home, job)
    look = None
    if folder is None:
        look_for_entries(home)
        folder, look = home.ledger, partial(look_for_entries, home) if is_on_database(home) else None
    printer = EntryPrinter(folder, "raw" if raw else "json" if as_json else "words", utc=utc)
    tail_ledger(folder, EntrySelection(job, kind), count, printer, follow=follow, look=look)


def _look_up(home: Home, job: str) -> None:
    """Warn about a job that is unknown; with --follow, it may still come.

    In a damaged ledger, of which as much is shown as can be read, nothing is looked up.
    """
    from cli.home.open import to_read
    from eventstore.errors import LedgerError

    with suppress(LedgerError), to_read(home, quiet=True) as view:
        try:
            check_past(view.state, job)
        except Failure as unknown:
            complain(unknown.message)

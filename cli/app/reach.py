"""What is told once by a command that read a database's entries without reaching the database."""

from __future__ import annotations

from contextlib import closing, suppress

from cli.app.database_failures import database_failure
from cli.terminal.console import note
from eventstore.errors import LedgerError
from scheduler.database.connection import untold_looks
from scheduler.store import open_folder


def tell_reach() -> None:
    """Say up to which entry and time was read, where the database could not be asked for newer ones.

    Imported only where one was looked at.
    """
    for home, problem in untold_looks().items():
        failure = database_failure(problem)
        why = str(problem) if failure is None else failure.message
        with suppress(LedgerError), closing(open_folder(home.ledger)) as store:
            last = next(store.read_backwards())
            note(
                f"Up to entry {last.seq:,}, of {last.time:%Y-%m-%d %H:%M:%S} UTC: what came later is unknown, {why}."
            )

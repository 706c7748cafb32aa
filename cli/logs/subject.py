"""The job and the run that a log filter names: if they are unknown, an empty result would be misleading.

A job is known if the config has it, the ledger ever had it, or a log entry is about it. A run is known if the ledger
has it, or a log entry is about it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.app.failures import Failure
from cli.home.job_names import check_past
from cli.home.open import to_read
from cli.home.run_numbers import no_run
from cli.terminal.printable import printable
from scheduler.home import Home
from scheduler.logs import LogFilter, entries_folder, newest

if TYPE_CHECKING:
    from scheduler.ledger.ledger import Ledger
from scheduler.ledger.run_record import cause_of


def check_subject(home: Home, wanted: LogFilter) -> None:
    """Refuse a job or a run that is unknown, and a run that belongs to another job.

    Raises:
        Failure: the job or the run is refused; the message names the nearest job.
        Corrupt, NewerFormat, Unavailable: the ledger cannot be trusted or read.
    """
    if wanted.job is None and wanted.run is None:
        return
    with to_read(home, quiet=True) as view:
        try:
            if wanted.job is not None:
                check_past(view.state, wanted.job)
            if wanted.run is not None:
                _check_run(view.ledger, wanted.run, wanted.job)
        except Failure:
            # A job or run that this ledger does not know may have log entries from an earlier ledger of the home.
            if not newest(entries_folder(home), LogFilter(job=wanted.job, run=wanted.run), 1):
                raise


def _check_run(ledger: Ledger | None, run: int, job: str | None) -> None:
    cause = None if ledger is None else cause_of(ledger.store, run)
    if cause is None:
        raise no_run(None if ledger is None else ledger.store, run)
    if job is not None and cause.job != job:
        raise Failure(f"run {run} is one of {printable(cause.job or '?')}, not of {printable(job)}")

"""`audit report`: is the population complete, what became of it, and who changed what?"""

from __future__ import annotations

import sys
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode
from cli.app.json_output import json_option
from cli.app.options import Choice
from cli.audit.report_text import FORMATS, report_text
from cli.home.job_names import JOB, check_past
from cli.home.views import check_home
from cli.ledger.options import ledger_option, machine_utc_option
from cli.terminal.console import exit_code_counts, note, out, wants_colour
from cli.terminal.progress import progress
from cli.times.parse import DURATION, parse_time
from cli.times.show import local_zone
from scheduler.home import Home

if TYPE_CHECKING:
    from projections.audit.report import Report
    from projections.audit.window import Window


@click.command(
    epilog="Example: cronledger audit report --from 2026-11-01 --to 2026-11-30 --format html -o november.html"
)
@click.option(
    "--from",
    "begin",
    required=True,
    metavar="TIME",
    help="The first instant: 30d, 2026-11-01, 2026-11-01T00:00:00Z.",
)
@click.option(
    "--to",
    "until",
    default="now",
    show_default=True,
    metavar="TIME",
    help="Where it ends; a date includes that day.",
)
@click.option(
    "--job", "name", type=JOB, metavar="NAME", help="About this job alone; also one that was removed."
)
@click.option("--format", "form", type=Choice(FORMATS, "format"), default="text", show_default=True,
              help="Text of 80 columns; one HTML page that needs nothing else; JSON.")  # fmt: skip
@click.option("--late", "late_from", type=DURATION, default="1m", show_default=True, metavar="DURATION",
              help="List runs that started this much after their time.")  # fmt: skip
@click.option("-o", "--output", "target", type=click.Path(dir_okay=False, path_type=Path), metavar="FILE",
              help="Write it there instead of to standard output.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace a file that is there.")
@ledger_option
@click.option("--derive", is_flag=True, help="Fold every entry from entry 0 on, whatever states are kept.")
@json_option
@machine_utc_option
@click.pass_obj
@exit_code_counts()
def report(
    home: Home, begin: str, until: str, name: str | None, form: str, late_from: timedelta, target: Path | None,
    force: bool, folder: Path | None, derive: bool, utc: bool, as_json: bool,
) -> None:  # fmt: skip
    """Account for every instant that schedules implied in a range of time.

    For each job and each revision of it, the instants are recomputed from the recorded definition, and each must have
    exactly one disposition on record: its run, or why there was none. Then failures and what resolved them, what was
    missed, skipped or late, what was expected (`expect`) and did not hold, outages, the clock, and who changed,
    disabled or asked for what.

    Everything is read from the entries, up to the last one: what resolved a failure may come after the range.

    Exit code 1 if something is unexplained.
    """
    from projections.audit.window import Window

    now = datetime.now(UTC)
    zone = "UTC" if utc else local_zone()
    window = Window(
        parse_time(begin, "--from", now, zone=zone), parse_time(until, "--to", now, zone=zone, end=True)
    )
    if window.begin >= window.end:
        raise click.BadParameter("it is not before --to", param_hint="'--from'")
    if target is not None:
        from cli.app.output_file import check_place

        check_place(target, home, force=force)
    if folder is None:
        check_home(home)
    found = _made(home, folder, window, name, now, late_from, derive=derive)
    told = report_text(found, "json" if as_json else form, zone, colour=target is None and wants_colour())
    if target is None:
        out(told)
    else:
        from cli.app.output_file import written_aside

        with written_aside(target, home, force=force) as unfinished:
            unfinished.file.write(told.encode("utf-8", "backslashreplace") + b"\n")
        note(f"written to {target}")
    sys.exit(ExitCode.FAILED if found.unexplained else ExitCode.DONE)


def _made(
    home: Home, folder: Path | None, window: Window, name: str | None, now: datetime, late_from: timedelta, *,
    derive: bool,
) -> Report:  # fmt: skip
    from cli.app.ledger_wait import patience_explained
    from cli.audit.starting_state import state_before
    from projections.audit.report import audit_report
    from scheduler.rules.state import State
    from scheduler.store import open_folder, open_store
    from scheduler.version import versions

    with (
        patience_explained(folder or home.ledger),
        closing(open_store(home) if folder is None else open_folder(folder)) as store,
        progress("reading the ledger") as seen,
    ):

        def told(done: int, total: int) -> None:
            seen.update(done, total=total, label=f"reading the ledger, {done:,} entries")

        state = State() if derive or folder else state_before(home, store, window.begin)
        made = audit_report(
            store, state, window, made=now, today=versions(), job=name, late_from=late_from, on_progress=told
        )
        if name is not None:
            check_past(state, name)
        return made

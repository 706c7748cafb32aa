"""`cronledger metrics`: figures for Prometheus."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import click

from cli.app.output_file import check_place, written_aside
from cli.home.open import to_read
from cli.terminal.console import out_bytes
from scheduler.home import Home

_READABLE = 0o644
"""Who collects it, such as node_exporter, is another user; there is nothing in it but numbers and names of jobs."""


@click.command(epilog="Example: cronledger metrics --textfile /var/lib/node_exporter/cronledger.prom")
@click.option(
    "--textfile",
    "file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write them into a file, which is replaced as a whole; node_exporter collects it as FILE.prom.",
)
@click.pass_obj
def metrics(home: Home, file: Path | None) -> None:
    """Tell figures of the home in the text format of Prometheus: to standard output, or into a file.

    How many runs ended and how, how long they took, what runs and waits and why, when each job last succeeded and is
    due next, what was missed, how the ledger stands. Without a scheduler they are told all the same, and say so.
    docs/metrics.md lists them, with rules for alerts. The console has the same at /metrics.
    """
    from cli.metrics.derived_totals import derived_totals
    from cli.metrics.exposition import exposed
    from scheduler.metrics.counting import Counting
    from scheduler.metrics.figures import figures
    from scheduler.metrics.last_verification import last_verification

    if file is not None:
        check_place(file, home, force=True)
    verified = last_verification(home)
    look = partial(to_read, home, with_outline=True, quiet=True)
    with Counting(home, derived_totals).counted(look) as (view, totals):
        text, _ = exposed(list(figures(view, totals, verified)))
    if file is None:
        out_bytes(text)
        return
    with written_aside(file, home, force=True, mode=_READABLE) as unfinished:
        unfinished.file.write(text)

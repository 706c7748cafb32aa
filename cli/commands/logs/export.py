"""`logs export`: log entries for other programs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.app.csv_cells import CSV_FORMATS, CsvLines, guarded
from cli.app.json_output import seen
from cli.logs.options import filter_options, log_filter, utc_option
from cli.terminal.console import is_terminal, out
from cli.terminal.job_output import shown_text
from cli.times.zones import local_zone
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.logs import LogEntry


@click.command(epilog="Example: cronledger logs export --since yesterday --format csv --output logs.csv")
@click.option(
    "--format",
    "form",
    type=click.Choice(("jsonl", *CSV_FORMATS, "text")),
    default="jsonl",
    show_default=True,
    help="In this form.",
)
@click.option("-o", "--output", type=click.Path(path_type=Path), help="Write to this file.")
@click.option("--force", is_flag=True, help="Let --output replace a file.")
@filter_options
@utc_option
@click.pass_obj
def export(home: Home, /, form: str, output: Path | None, force: bool, utc: bool, **filters: Any) -> None:
    """Write all log entries that are wanted, oldest first by their times, to standard output or a file.

    `jsonl` is the form in which they are kept, `csv` has a column for each member, `text` is what `cronledger logs
    view` shows. In csv a text that a spreadsheet would execute has a quote in front; csv-exact leaves it as it is.
    Those of the same time stand as they were collected. However many there are, memory stays bounded.
    """
    from cli.app.output_file import check_place, written_aside
    from cli.logs.subject import check_subject
    from cli.logs.up_to_date import bring_up_to_date
    from scheduler.logs import entries_folder, oldest_first

    wanted = log_filter(**filters)
    if output is not None:
        check_place(output, home, force=force)
    bring_up_to_date(home)
    check_subject(home, wanted)
    lines = _exported(oldest_first(entries_folder(home), wanted), form, "UTC" if utc else local_zone())
    if output is None:
        shown = seen if form == "jsonl" else shown_text
        for text in map(shown, lines) if is_terminal() else lines:
            out(text.removesuffix("\n"))
        return
    with written_aside(output, home, force=force) as aside:
        for text in lines:
            aside.file.write(text.encode("utf-8", "backslashreplace"))


def _exported(entries: Iterator[LogEntry], form: str, zone: str) -> Iterator[str]:
    """What is written, some hundred lines at a time."""
    from cli.logs.words import LogLines, csv_rows, json_line

    if form in CSV_FORMATS:
        cell = guarded if form == "csv" else str
        rows = CsvLines()
        for row in csv_rows(entries):
            rows.add(map(cell, row))
            yield from rows.taken(least=500)
        yield from rows.taken(least=1)
        return
    words = LogLines(zone, colour=False)
    lines: list[str] = []
    for entry in entries:
        lines.append(json_line(entry) if form == "jsonl" else words.line(entry))
        if len(lines) >= 500:
            yield "\n".join(lines) + "\n"
            lines = []
    if lines:
        yield "\n".join(lines) + "\n"

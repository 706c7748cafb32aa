"""`logs view`, `search`, `export` and `summary`: what jobs printed and the scheduler noted, line by line."""

from __future__ import annotations

import csv
import re
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.app.json_output import json_option, show_json
from cli.logs.options import filter_options, lines_option, log_filter, utc_option
from cli.terminal.console import is_terminal, note, out, wants_colour
from cli.times.show import show_time
from cli.times.zones import local_zone
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.logs import LogEntry, LogFilter

_SOON = timedelta(minutes=1)
"""Entries of a time later than that were made by a clock that was ahead."""


@click.command(epilog="Example: cronledger logs view --level warning --since 1h --job nightly")
@filter_options
@lines_option
@click.option("-f", "--follow", is_flag=True, help="Go on with each entry as it comes, until Ctrl-C.")
@json_option
@utc_option
@click.pass_obj
def view(home: Home, /, count: int, follow: bool, as_json: bool, utc: bool, **filters: Any) -> None:
    """Show log entries: what jobs printed and what the scheduler noted, the newest last.

    A level means that level and those above; without --level all but debug is shown. With -f and --json each entry
    is one line of JSON. Secrets are masked; `cronledger logs show RUN` has the raw output.
    """
    filters["level"] = filters["level"] or "info"
    _show_newest(home, log_filter(**filters), count, follow=follow, as_json=as_json, utc=utc)


@click.command(epilog="Example: cronledger logs search 'job failed' --since 7d")
@click.argument("pattern")
@click.option("--regex", is_flag=True, help="PATTERN is a regular expression (Python's).")
@click.option("--case-sensitive", is_flag=True, help="Upper and lower case differ.")
@filter_options
@lines_option
@json_option
@utc_option
@click.pass_obj
def search(
    home: Home,
    /,
    pattern: str,
    regex: bool,
    case_sensitive: bool,
    count: int,
    as_json: bool,
    utc: bool,
    **filters: Any,
) -> None:
    """Show the log entries in which PATTERN stands, whatever its case, the newest last.

    It is looked for in the message and in the fields. "job failed" finds runs that failed. Exit code 1 if there is
    none.
    """
    from scheduler.logs import Pattern

    if not pattern:
        raise click.BadParameter("it is empty", param_hint="'PATTERN'")
    try:
        wanted = Pattern(pattern, regex=regex, case_sensitive=case_sensitive)
    except (re.error, OverflowError) as problem:
        raise click.BadParameter(f"it is no regular expression: {problem}", param_hint="'PATTERN'") from None
    found = _show_newest(home, log_filter(**filters, pattern=wanted), count, as_json=as_json, utc=utc)
    if not found:
        from cli.app.failures import Exit

        sys.exit(Exit.FAILED)


@click.command(epilog="Example: cronledger logs export --since yesterday --format csv --output logs.csv")
@click.option(
    "--format",
    "form",
    type=click.Choice(("jsonl", "csv", "text")),
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
    view` shows. Those of the same time stand as they were collected. However many there are, memory stays bounded.
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
        for text in lines:
            out(text.removesuffix("\n"))
        return
    with written_aside(output, home, force=force) as aside:
        for text in lines:
            aside.file.write(text.encode("utf-8", "backslashreplace"))


@click.command(epilog="Example: cronledger logs summary --since 7d")
@filter_options
@json_option
@click.pass_obj
def summary(home: Home, /, as_json: bool, **filters: Any) -> None:
    """Count log entries by level, job and day: which jobs are the noisiest, and which fail."""
    from cli.logs.subject import check_subject
    from cli.logs.summary import LogSummary
    from cli.logs.up_to_date import bring_up_to_date
    from cli.terminal.progress import progress
    from scheduler.logs import as_collected, entries_folder

    wanted = log_filter(**filters)
    bring_up_to_date(home, shown=not as_json)
    with progress("counting log entries", shown=not as_json):
        counted = LogSummary(as_collected(entries_folder(home), wanted))
    if not counted.total:
        check_subject(home, wanted)
    if as_json:
        show_json(counted.document())
    elif counted.total:
        counted.show()
    else:
        note(_nothing(wanted))


def _show_newest(
    home: Home, wanted: LogFilter, count: int, *, as_json: bool, utc: bool, follow: bool = False
) -> bool:
    """Show the newest entries, and with `follow` those that come; whether there were any."""
    from cli.logs.follow import NewLines
    from cli.logs.follow import follow as follow_entries
    from cli.logs.subject import check_subject
    from cli.logs.up_to_date import bring_up_to_date
    from cli.logs.words import LogLines, members_of
    from cli.terminal.progress import progress
    from scheduler.logs import entries_folder, newest

    bring_up_to_date(home, shown=not as_json)
    folder = entries_folder(home)
    coming = NewLines(folder)
    with progress("looking through log entries", shown=not as_json):
        now = datetime.now(UTC)
        # Who says from when or until when is shown just that.
        open_ended = wanted.until is None and (wanted.since is None or wanted.since < now - _SOON)
        until_now = wanted._replace(until=now + _SOON) if open_ended else wanted
        entries = newest(folder, until_now, count, coming.ends if follow else None)
        ahead = newest(folder, wanted._replace(since=now + _SOON), 1) if open_ended else []
    if not entries:
        check_subject(home, wanted)
    if ahead:
        note(_of_the_future(ahead[0], "UTC" if utc else local_zone()))
    words = LogLines("UTC" if utc else local_zone(), colour=wants_colour(), stamped=utc or not is_terminal())

    def show_line(entry: LogEntry) -> None:
        out(_json_line(entry) if as_json else words.fitted_line(entry))

    if as_json and not follow:
        show_json([members_of(entry) for entry in entries])
        return bool(entries)
    if entries and not as_json:
        out("\n".join(map(words.fitted_line, entries)))
    elif entries:
        out("\n".join(map(_json_line, entries)))
    if follow:
        follow_entries(home, wanted, show_line, coming)
    elif not entries:
        note(_nothing(wanted))
    elif len(entries) == count:
        note(f"the newest {count}; -n shows more")
    return bool(entries)


def _of_the_future(entry: LogEntry, zone: str) -> str:
    """That entries bear times to come, which are left out, and how they are seen."""
    newest = show_time(datetime.fromisoformat(entry.time), zone)
    return f"Entries up to {newest} were made while the clock was ahead; they are left out. --since now shows them."


def _exported(entries: Iterator[LogEntry], form: str, zone: str) -> Iterator[str]:
    """What is written, in lots of some hundred lines."""
    from cli.logs.words import LogLines, csv_rows

    if form == "csv":
        lot = _Lot()
        writer = csv.writer(lot)
        for row in csv_rows(entries):
            writer.writerow(row)
            yield from lot.taken(least=500)
        yield from lot.taken(least=1)
        return
    words = LogLines(zone, colour=False)
    lines: list[str] = []
    for entry in entries:
        lines.append(_json_line(entry) if form == "jsonl" else words.line(entry))
        if len(lines) >= 500:
            yield "\n".join(lines) + "\n"
            lines = []
    if lines:
        yield "\n".join(lines) + "\n"


class _Lot:
    """A file for the csv module that collects lines."""

    def __init__(self) -> None:
        self._lines: list[str] = []

    def write(self, text: str) -> int:
        """Take a line."""
        self._lines.append(text.replace("\r\n", "\n"))
        return len(text)

    def taken(self, *, least: int) -> Iterator[str]:
        """The lines, together, if there are at least so many."""
        if len(self._lines) >= least:
            yield "".join(self._lines)
            self._lines.clear()


def _json_line(entry: LogEntry) -> str:
    from scheduler.logs.storage.entry import encode_lines

    return encode_lines([entry]).decode().removesuffix("\n")


def _nothing(wanted: LogFilter) -> str:
    narrowed = any(value is not None for value in wanted._replace(level=None))
    return (
        "no such log entries" if narrowed or wanted.level not in (None, "info") else "nothing was logged yet"
    )

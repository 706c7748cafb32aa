"""How an import is told: the config on standard output or in a file, all else line by line on standard error."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode
from cli.app.json_output import show_json
from cli.importing.options import Wanted
from cli.importing.target import Target
from cli.terminal.console import Tone, fitted, note, out, paint, wants_colour
from cli.terminal.printable import printable, show_count
from cli.times.show import show_time
from scheduler.configuration.files.part_names import folder_of
from scheduler.home import Home

if TYPE_CHECKING:
    from scheduler.importing.checked import CheckedImport
    from scheduler.importing.conversion import Conversion, Remark
    from scheduler.importing.proof import Comparison

_REMARKS_MAX = 200
"""So many are shown to people; of the others, how many there are."""
_LABELS: dict[str, tuple[str, Tone]] = {
    "note": ("note:", "dim"),
    "lost": ("warning:", "warn"),
    "refused": ("not imported:", "bad"),
}
_DAYS_SHOWN = 3


def finish(home: Home, found: Conversion, heading: list[str], wanted: Wanted, target: Target) -> None:
    """Check a conversion, give out its config, and say line by line what came of its source.

    Raises:
        Exit: with 1 if something was not imported, or its times are not the same.
        Failure: the file may not be, or cannot be, written.
    """
    from scheduler.importing.checked import check

    checked = check(found, heading, target.read, datetime.now(UTC))
    if target.path is not None:
        _write(home, target.path, checked.text)
    if wanted.as_json:
        _show_for_programs(checked, written=target.path is not None)
    else:
        if target.path is None:
            out(checked.text.rstrip("\n"))
        _remarks(checked)
        _summary(checked, target.path)
    if checked.refused or checked.different:
        raise click.exceptions.Exit(ExitCode.FAILED)


def _write(home: Home, path: Path, text: str) -> None:
    from cli.app.output_file import written_aside
    from cli.importing.target import make_folder

    if path.parent == folder_of(home.config):
        make_folder(path.parent)
    with written_aside(path, home, force=None) as unfinished:
        unfinished.file.write(text.encode())


def _remarks(checked: CheckedImport) -> None:
    colour = wants_colour(sys.stderr)
    found = checked.found
    remarks = _in_order(found)
    for remark in remarks[:_REMARKS_MAX]:
        label, tone = _LABELS[remark.kind]
        place = paint(f"{printable(remark.file or found.source)}:{remark.line}:", "strong", colour)
        text = f"{place} {paint(label, tone, colour)} {printable(remark.text)}"
        click.echo(fitted(text, sys.stderr, hang=4), err=True, color=colour)
    if len(remarks) > _REMARKS_MAX:
        note(f"and {show_count(len(remarks) - _REMARKS_MAX, 'more remark')}; --json has all")
    places = {job.name: f"{job.file or found.source}:{job.line}:" for job in found.jobs}
    for name in checked.different:
        place = paint(printable(places[name]), "strong", colour)
        said = difference(checked.compared[name])
        text = f"{place} {paint('other times:', 'warn', colour)} {name}: {said}"
        click.echo(fitted(text, sys.stderr, hang=4), err=True, color=colour)


def _in_order(found: Conversion) -> list[Remark]:
    """The remarks by file and line, the files in the order in which something was first said of them."""
    files = list(dict.fromkeys(remark.file for remark in found.remarks))
    return sorted(found.remarks, key=lambda remark: (files.index(remark.file), remark.line))


def difference(comparison: Comparison) -> str:
    """In what the times of a job are not those of its source, as a sentence without a full stop."""
    parts = []
    if comparison.only_source:
        parts.append(f"it will not run at {_times(comparison.only_source)}, when its source would")
    if comparison.only_job:
        parts.append(f"it will run at {_times(comparison.only_job)}, when its source would not")
    return "; ".join(parts) or "one of the two ends before the other"


def _times(instants: list[datetime]) -> str:
    shown = ", ".join(show_time(each, "UTC") for each in instants[:_DAYS_SHOWN])
    more = len(instants) - _DAYS_SHOWN
    return f"{shown} UTC" if more <= 0 else f"{shown} UTC (and {more} more of the next 50)"


def _summary(checked: CheckedImport, path: Path | None) -> None:
    jobs, compared = len(checked.found.jobs), len(checked.compared)
    same = compared - len(checked.different)
    parts = [show_count(jobs, "job")]
    if checked.refused:
        parts.append(f"{checked.refused:,} not imported")
    where = f", written to {printable(str(path))}" if path is not None else ""
    note(f"{', '.join(parts)}{where}")
    if compared:
        what = "the next 50 times are the same before and after"
        note(
            f"{same} of {compared} compared: {what}" if same < compared else f"of each of {compared}, {what}"
        )
    if jobs > compared:
        note(f"{show_count(jobs - compared, 'job')} without times that could be compared")


def _show_for_programs(checked: CheckedImport, *, written: bool) -> None:
    show_json(
        {
            "source": checked.found.source,
            "jobs": [
                {
                    "name": job.name,
                    "file": job.file or None,
                    "line": job.line,
                    **_compared(checked.compared.get(job.name)),
                }
                for job in checked.found.jobs
            ],
            "remarks": [
                {**remark._asdict(), "file": remark.file or None} for remark in _in_order(checked.found)
            ],
            "config": None if written else checked.text,
        }
    )


def _compared(comparison: Comparison | None) -> dict[str, object]:
    if comparison is None:
        return {"compared": 0, "same": None, "only_source": [], "only_job": []}
    return {
        "compared": len(comparison.source),
        "same": comparison.same,
        "only_source": comparison.only_source,
        "only_job": comparison.only_job,
    }

"""`ledger show`: one entry in full, also in a damaged ledger, as far as can be read."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli.app.failures import ExitCode, complain
from cli.app.json_output import json_option, show_json
from cli.app.options import WholeNumber
from cli.ledger.last_entry import last_entry, no_entry
from cli.ledger.options import ledger_option, machine_utc_option, raw_option
from cli.terminal.console import out_bytes
from cli.terminal.tables import details
from scheduler.home import Home
from scheduler.store import look_for_entries

if TYPE_CHECKING:
    from eventstore.errors import Corrupt


# A negative number is an argument, not an option.
@click.command(context_settings={"ignore_unknown_options": True}, epilog="Example: cronledger ledger show -1")
@click.argument("seq", metavar="SEQ", type=WholeNumber())
@ledger_option
@raw_option
@json_option
@machine_utc_option
@click.pass_obj
def show(home: Home, seq: int, folder: Path | None, raw: bool, as_json: bool, utc: bool) -> None:
    """Show entry SEQ in full, whether its hash and its place in the chain are right, and its neighbours.

    Entries are numbered from 0; -1 is the last one, -2 the one before.

    An entry of a damaged ledger is shown as it stands, with what is wrong. Exit code 3 then, and if a neighbour or
    the ledger's end is damaged, or a segment is missing or not as long as its seal says. What stands in the entries
    further away is not read: `cronledger ledger verify` checks all.
    """
    from cli.ledger.entry_report import EntryReport
    from cli.ledger.raw_lines import raw_line
    from cli.times.zones import local_zone

    if raw and as_json:
        raise click.UsageError("--raw and --json exclude each other")
    if folder is None:
        look_for_entries(home)
        folder = home.ledger
    last, damage = _end_of(folder)
    wanted = seq if seq >= 0 else last + 1 + seq
    line = raw_line(folder, wanted) if wanted >= 0 else None
    if line is None or (damage is None and wanted > last):
        if damage is not None:
            raise damage
        if 0 <= wanted <= last:
            raise _missing(folder, wanted)
        raise no_entry(seq, last)
    report = EntryReport(folder, wanted, line, last)
    if raw:
        out_bytes(line.raw + b"\n")
    elif as_json:
        show_json(report.document())
    else:
        details(report.facts("UTC" if utc else local_zone()))
    if report.wrong or damage is not None:
        said = (
            f"entry {wanted}, {line.segment.name} at byte {line.offset}: {report.wrong}"
            if report.wrong
            else str(damage)
        )
        complain(f"the ledger is damaged: {said}")
        sys.exit(ExitCode.LEDGER)


def _end_of(folder: Path) -> tuple[int, Exception | None]:
    """The last entry, and how the ledger is damaged, if opening it shows that it is."""
    from cli.ledger.raw_lines import last_raw_lines
    from eventstore.errors import Corrupt

    try:
        return last_entry(folder), None
    except Corrupt as damage:
        seqs = [line.seq for line in last_raw_lines(folder, 100)]
        return max((seq for seq in seqs if seq is not None), default=-1), damage


def _missing(folder: Path, seq: int) -> Corrupt:
    """The damage of an entry that was counted and is not there: its line is gone, or no longer says its `seq`."""
    from cli.ledger.raw_lines import working_folder
    from eventstore.errors import Corrupt

    return Corrupt(*working_folder(folder, seq), seq, f"entry {seq}", "no line that begins as it does")

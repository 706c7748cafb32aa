"""`ledger verify`: is every byte of the ledger what it was when it was written?"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from cli.app.failures import Exit
from cli.app.json_output import json_option, show_json
from cli.terminal.printable import show_count
from cli.terminal.progress import progress
from cli.terminal.tables import Cell, Value, details
from cli.times.show import show_size
from scheduler.home import Home

if TYPE_CHECKING:
    from eventstore.errors import DamagedTail
    from eventstore.verify import Progress, VerifyReport


@click.command(epilog="Example: cronledger ledger verify --ledger /mnt/copy/ledger")
@click.option(
    "--ledger",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="A ledger's own folder, such as a copy that an auditor has; nothing is written there.",
)
@click.option("--digests", is_flag=True, help="Also compare the digest in each seal with its file.")
@json_option
@click.pass_obj
def verify(home: Home, folder: Path | None, digests: bool, as_json: bool) -> None:
    """Check every byte of every entry, the chain of hashes through all of them, HEAD and the seals.

    Nothing is written, and the scheduler may go on appending: what is checked is the ledger as it was at the
    beginning. An unfinished write that a crash left at the very end is no damage and is shown as such.

    Exit code 1 if something is damaged; the entry, the segment and the byte offset of the first damage are shown.
    Exit code 3 if the ledger cannot be read, or is in a newer format.
    """
    from eventstore.verify import verify as verify_ledger

    folder = home.ledger if folder is None else folder
    with _progress(folder, shown=not as_json) as told:
        report = verify_ledger(folder, progress=told, digests=digests)
    if as_json:
        show_json(_document(folder, report))
    else:
        details(_facts(folder, report))
    sys.exit(Exit.DONE if report.ok else Exit.FAILED)


@contextmanager
def _progress(folder: Path, *, shown: bool) -> Iterator[Progress]:
    """How far it is, in bytes, for a person who waits."""
    total_bytes = sum(path.stat().st_size for path in folder.glob("*.jsonl"))
    with progress("verifying", max(1, total_bytes), shown=shown) as seen:
        yield lambda entries, done_bytes: seen.update(done_bytes, label=f"verifying, {entries:,} entries")


def _facts(folder: Path, report: VerifyReport) -> list[tuple[str, Value]]:
    facts: list[tuple[str, Value]] = [
        ("ledger", f"{report.ledger_id or 'unknown'} in {folder}"),
        (
            "entries",
            f"{report.entries:,} in {show_count(report.segments, 'segment')}, {show_size(report.bytes)}",
        ),
        ("head", f"entry {report.head.seq}, {report.head.hash}" if report.entries else "none"),
    ]
    if report.recoveries:
        listed = ", ".join(f"entry {seq}" for seq in report.recoveries)
        facts.append(
            ("recoveries", f"{show_count(len(report.recoveries), 'unfinished write')} set aside: {listed}")
        )
    if report.torn is not None:
        where = f"{report.torn.segment.name} at byte {report.torn.offset}"
        torn = f"an unfinished write after the last entry, {where}; the next append sets it aside"
        facts.append(("torn tail", Cell(torn, "warn")))
    damage = report.first_damage
    if damage is None:
        facts.append(("verdict", Cell("sound: every entry is as it was written", "good")))
    else:
        facts += [
            ("verdict", Cell(f"DAMAGED at entry {damage.seq}; the entries before it are sound", "bad")),
            ("segment", str(damage.segment)),
            ("byte offset", str(damage.offset)),
            ("expected", damage.expected),
            ("found", damage.found),
        ]
    return facts


def _document(folder: Path, report: VerifyReport) -> dict[str, Any]:
    return {
        "ok": report.ok,
        "folder": str(folder),
        "ledger": report.ledger_id or None,
        "entries": report.entries,
        "segments": report.segments,
        "sealed": report.sealed,
        "bytes": report.bytes,
        "head": {"seq": report.head.seq, "hash": report.head.hash} if report.entries else None,
        "recoveries": report.recoveries,
        "torn": _place(report.torn),
        "first_damage": _place(report.first_damage),
    }


def _place(damage: DamagedTail | None) -> dict[str, Any] | None:
    if damage is None:
        return None
    return {
        "seq": damage.seq,
        "segment": str(damage.segment),
        "offset": damage.offset,
        "expected": damage.expected,
        "found": damage.found,
    }

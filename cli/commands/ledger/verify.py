"""`ledger verify`: does everything in the ledger fit together, and to a head that was written down?"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from cli.app.failures import ExitCode
from cli.app.json_output import json_option, show_json
from cli.terminal.printable import show_count
from cli.terminal.progress import progress
from cli.terminal.tables import Cell, Value, details
from cli.times.show import show_size
from eventstore.store import Entry, Head
from scheduler.home import Home

if TYPE_CHECKING:
    from eventstore.errors import DamagedTail
    from eventstore.verify import Progress
    from eventstore.verify_report import VerifyReport
    from scheduler.rules.laws.ledger_laws import IllegalEntry


CONSISTENT = "consistent: every entry hashes to what it says and names the one before"
UNSEEN = "that no entry was cut off at the end, and that not all were written anew"
_ILLEGAL_MAX = 100
"""So many illegal entries are named; all are counted."""
_ILLEGAL_SHOWN_MAX = 20
_LAWS_TOLD_EVERY = 8_192
_HEAD = re.compile(r"([0-9]{1,18}):([0-9a-f]{64})")


class _HeadType(click.ParamType[Head]):
    """An entry's number and hash, as `ledger verify` prints the head."""

    name = "SEQ:HASH"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Head:
        if isinstance(value, Head):
            return value
        match = _HEAD.fullmatch(str(value).strip().lower())
        if match is None:
            self.fail("give an entry's number, a colon, and the 64 hex digits of its hash", param, ctx)
        return Head(int(match[1]), match[2])


class _Laws(NamedTuple):
    """What holding the entries against the laws has found: the first illegal ones, and how many there are."""

    first: list[IllegalEntry]
    total: int


@click.command(epilog="Example: cronledger ledger verify --ledger /mnt/copy/ledger")
@click.option(
    "--ledger",
    "folder",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="A ledger's own folder, such as a copy that an auditor has; nothing is written there.",
)
@click.option(
    "--expect",
    "expected",
    type=_HeadType(),
    multiple=True,
    metavar="SEQ:HASH",
    help="A head that was written down: entry SEQ must be there with this hash. May be given again.",
)
@click.option(
    "--no-laws", is_flag=True, help="Leave out the laws: on long ledgers they take most of the time."
)
@click.option("--digests", is_flag=True, help="Also compare the digest in each seal with its file.")
@json_option
@click.pass_obj
def verify(
    home: Home, folder: Path | None, expected: tuple[Head, ...], no_laws: bool, digests: bool, as_json: bool
) -> None:
    """Check every byte of every entry, the chain of hashes through all of them, HEAD and the seals.

    Nothing is written, and the scheduler may go on appending: what is checked is the ledger as it was at the
    beginning. An unfinished write that a crash left at the very end is no damage and is shown as such.

    Then each entry is held against the laws: a run was owed before it started and ended once, no instant was settled
    twice, a disabled job had nothing fall due. An entry that breaks one is illegal, and not damaged.

    A ledger can be consistent and yet be short of its last entries, or be written anew as a whole, by somebody who
    can write all its files. So write down the head that is printed, where such a person cannot reach it, and give it
    with --expect the next time: it stands for all entries up to it.

    Exit code 1 if something is damaged; the entry, the segment and the byte offset of the first damage are shown.
    Exit code 1 also if entries are illegal.
    Exit code 3 if the ledger does not hold what was expected, cannot be read, or is in a newer format.
    """
    from eventstore.verify import verify as verify_ledger

    folder = home.ledger if folder is None else folder
    with _progress(folder, shown=not as_json) as told:
        report = verify_ledger(folder, progress=told, digests=digests, expected=expected)
    laws = None if no_laws or not report.ok else _check_laws(folder, report.head.seq, shown=not as_json)
    if as_json:
        show_json(_document(folder, report, laws))
    else:
        details(_facts(folder, report, laws))
    if not report.as_expected:
        sys.exit(ExitCode.LEDGER)
    sys.exit(ExitCode.DONE if report.ok and not (laws and laws.total) else ExitCode.FAILED)


def _check_laws(folder: Path, last: int, *, shown: bool) -> _Laws:
    """Hold the entries up to `last` against the laws."""
    from scheduler.rules.laws.ledger_laws import illegal_entries
    from scheduler.store import open_folder

    found = _Laws([], 0)
    with (
        progress("checking laws", max(1, last + 1), shown=shown) as seen,
        closing(open_folder(folder)) as store,
    ):

        def entries() -> Iterator[Entry]:
            for entry in store.read(0, last):
                if entry.seq % _LAWS_TOLD_EVERY == 0:
                    seen.update(entry.seq, label=f"checking laws, {entry.seq:,} entries")
                yield entry

        for illegal in illegal_entries(entries()):
            found = _Laws(found.first, found.total + 1)
            if found.total <= _ILLEGAL_MAX:
                found.first.append(illegal)
    return found


@contextmanager
def _progress(folder: Path, *, shown: bool) -> Iterator[Progress]:
    """How far it is, in bytes, for a person who waits."""
    total_bytes = sum(path.stat().st_size for path in folder.glob("*.jsonl"))
    with progress("verifying", max(1, total_bytes), shown=shown) as seen:
        yield lambda entries, done_bytes: seen.update(done_bytes, label=f"verifying, {entries:,} entries")


def _facts(folder: Path, report: VerifyReport, laws: _Laws | None) -> list[tuple[str, Value]]:
    size = f"{show_count(report.segments, 'segment')}, {show_size(report.bytes)}"
    facts: list[tuple[str, Value]] = [
        ("ledger", f"{report.ledger_id or 'unknown'} in {folder}"),
        ("entries", f"{report.entries:,} in {size}"),
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
    facts += _missing(report)
    damage = report.first_damage
    if damage is None:
        if laws is not None and laws.total:
            facts.append(("illegal", [Cell(_broken(one), "bad") for one in laws.first[:_ILLEGAL_SHOWN_MAX]]))
        facts += [
            *_expectations(report),
            ("verdict", _verdict(report, laws)),
            ("not checked", _unseen(report, laws)),
        ]
        if report.entries:
            facts.append(("head", _written(report.head)))
        return facts
    return [
        *facts,
        ("head", _written(report.head) if report.entries else "none"),
        *_expectations(report),
        ("verdict", Cell(f"DAMAGED at entry {damage.seq}; the entries before it are consistent", "bad")),
        ("segment", str(damage.segment)),
        ("byte offset", str(damage.offset)),
        ("expected", damage.expected),
        ("found", damage.found),
    ]


def _missing(report: VerifyReport) -> list[tuple[str, Value]]:
    """What is no damage, and no normal state either."""
    facts: list[tuple[str, Value]] = []
    if report.head_missing:
        lacking = "missing or unreadable: how far the ledger has reached once is not known"
        facts.append(("HEAD", Cell(lacking, "warn")))
    if report.unsealed:
        missing = f"missing for {show_count(len(report.unsealed), 'full segment')}, from entry"
        rest = "on: whoever next records something writes it"
        facts.append(("seals", Cell(f"{missing} {report.unsealed[0]} {rest}", "warn")))
    return facts


def _expectations(report: VerifyReport) -> list[tuple[str, Value]]:
    """What there is of each head that was given."""
    facts: list[tuple[str, Value]] = []
    for expectation in report.expectations:
        seq, found = expectation.head.seq, expectation.found
        if expectation.met:
            facts.append(("expected head", Cell(f"entry {seq} is the one that was written down", "good")))
        elif found is None:
            facts.append(("expected head", Cell(f"there is no such entry {seq} here", "bad")))
        else:
            facts.append(("expected head", Cell(f"entry {seq} is another one here, {found}", "bad")))
    return facts


def _broken(illegal: IllegalEntry) -> str:
    return f"entry {illegal.seq}, {illegal.type}: {illegal.why}"


def _verdict(report: VerifyReport, laws: _Laws | None) -> Cell:
    if not report.as_expected:
        return Cell("NOT THE LEDGER whose head was written down, or a part of it", "bad")
    if laws is not None and laws.total:
        are = (
            f"{show_count(laws.total, 'entry', 'entries')} in it {'is' if laws.total == 1 else 'are'} illegal"
        )
        return Cell(f"{CONSISTENT}; but {are}: no scheduler records that", "bad")
    return Cell(CONSISTENT, "good")


def _unseen(report: VerifyReport, laws: _Laws | None) -> str:
    """What this verification has not seen."""
    unseen = _unseen_end(report)
    return unseen if laws is not None or not report.ok else f"the laws; and {unseen}"


def _unseen_end(report: VerifyReport) -> str:
    if report.expectations and report.as_expected:
        return f"behind entry {max(each.head.seq for each in report.expectations)}: {UNSEEN}"
    return f"{UNSEEN}; --expect does, with a head that was written down elsewhere"


def _written(head: Head) -> str:
    """A head as it is written down."""
    return f"{head.seq}:{head.hash}"


def _document(folder: Path, report: VerifyReport, laws: _Laws | None) -> dict[str, Any]:
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
        "head_missing": report.head_missing,
        "unsealed": report.unsealed,
        "expected": [
            {"seq": each.head.seq, "hash": each.head.hash, "found": each.found, "met": each.met}
            for each in report.expectations
        ],
        "laws_checked": laws is not None,
        "illegal": [] if laws is None else [one._asdict() for one in laws.first],
        "illegal_count": 0 if laws is None else laws.total,
        "not_checked": _unseen(report, laws),
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

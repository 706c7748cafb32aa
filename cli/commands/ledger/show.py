"""`ledger show`: one entry in full, also in a damaged ledger, as far as can be read."""

from __future__ import annotations

import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import msgspec

from cli.app.failures import ExitCode, Failure, complain
from cli.app.json_output import json_option, show_json
from cli.app.options import WholeNumber
from cli.ledger.options import ledger_option, machine_utc_option, raw_option
from cli.terminal.tables import Cell, Value, details
from cli.times.show import show_time
from scheduler.home import Home
from scheduler.store import look_for_entries

if TYPE_CHECKING:
    from cli.ledger.raw_lines import RawLine
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
        raise Failure(
            f"there is no entry {seq}", f"The last one is {last}." if last >= 0 else "The ledger is empty."
        )
    report = _EntryReport(folder, wanted, line, last)
    if raw:
        sys.stdout.buffer.write(line.raw + b"\n")
        sys.stdout.buffer.flush()
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
    from cli.app.ledger_wait import patience_explained
    from cli.ledger.raw_lines import last_raw_lines
    from eventstore.errors import Corrupt
    from scheduler.store import open_folder

    try:
        with (
            patience_explained(folder),
            closing(open_folder(folder)) as store,
        ):
            return store.head().seq, None
    except Corrupt as damage:
        seqs = [line.seq for line in last_raw_lines(folder, 100)]
        return max((seq for seq in seqs if seq is not None), default=-1), damage


def _missing(folder: Path, seq: int) -> Corrupt:
    """The damage of an entry that was counted and is not there: its line is gone, or no longer says its `seq`."""
    from cli.ledger.raw_lines import working_folder
    from eventstore.errors import Corrupt

    return Corrupt(*working_folder(folder, seq), seq, f"entry {seq}", "no line that begins as it does")


class _EntryReport:
    """An entry, with what the ledger around it says about it.

    Attributes:
        wrong: what is wrong with it, or with what stands beside it; empty if all that is shown is sound.
    """

    def __init__(self, folder: Path, seq: int, line: RawLine, last: int) -> None:
        from cli.ledger.raw_lines import raw_line

        self._seq = seq
        self._line = line
        self._before = raw_line(folder, seq - 1) if seq > 0 else None
        self._after = raw_line(folder, seq + 1)
        self._entry = self._line.entry()
        self.wrong = self._what_is_wrong(last)

    def facts(self, zone: str) -> list[tuple[str, Value]]:
        """For people."""
        from cli.words.entry_lines import sentence

        line, entry = self._line, self._entry
        place = ("place", f"{line.segment.name} at byte {line.offset}, {len(line.raw) + 1} bytes")
        if entry is None:
            return [("entry", f"{self._seq}"), ("line", line.raw.decode("ascii", "backslashreplace")), place]
        facts: list[tuple[str, Value]] = [
            ("entry", str(entry.seq)),
            ("says", sentence(entry, zone)),
            ("time", f"{show_time(entry.time, zone)} ({entry.time:%Y-%m-%dT%H:%M:%S.%fZ})"),
            ("type", entry.type),
            ("actor", entry.actor),
            ("job", entry.job or ""),
            ("run", "" if entry.run is None else str(entry.run)),
            ("data", _pretty(entry.data)),
            ("durable", f"{entry.durable} entries were known to be on disk"),
            ("prev", _checked(entry.prev, self._prev_matches(), f"the hash of entry {entry.seq - 1}")),
            ("hash", _checked(entry.hash, line.hash_matches, "its bytes")),
            place,
        ]
        for name, neighbour in (("before", self._before), ("after", self._after)):
            other = neighbour.entry() if neighbour is not None else None
            if other is not None:
                facts.append((name, f"{other.seq}  {sentence(other, zone)}"))
        return facts

    def document(self) -> dict[str, Any]:
        """For programs."""
        from cli.ledger.entry_json import members
        from cli.words.entry_lines import sentence

        entry = self._entry
        return {
            "entry": None if entry is None else members(entry),
            "sentence": None if entry is None else sentence(entry),
            "segment": str(self._line.segment),
            "offset": self._line.offset,
            "bytes": len(self._line.raw) + 1,
            "hash_matches": self._line.hash_matches,
            "prev_matches": self._prev_matches(),
            "next_matches": self._next_matches(),
            "damage": self.wrong or None,
        }

    def _what_is_wrong(self, last: int) -> str:
        from cli.ledger.raw_lines import what_is_wrong

        seq = self._seq
        if wrong := what_is_wrong(self._line, seq, self._before):
            return wrong
        if self._next_matches() is False:
            return f"entry {seq + 1} does not name its hash as `prev`: one of the two was altered"
        for beside, line in ((seq - 1, self._before), (seq + 1, self._after)):
            if not 0 <= beside <= last:
                continue  # there is none; or what a crash left, which is no entry
            if line is None:
                return f"beside it, entry {beside} is missing"
            if not line.hash_matches:
                return f"beside it, entry {beside} is damaged: `cronledger ledger show {beside}` shows it"
        return ""

    def _prev_matches(self) -> bool | None:
        from eventstore.store import GENESIS

        if self._entry is None:
            return None
        if self._seq == 0:
            return self._entry.prev == GENESIS
        before = self._before.entry() if self._before is not None else None
        return None if before is None else before.hash == self._entry.prev

    def _next_matches(self) -> bool | None:
        after = self._after.entry() if self._after is not None else None
        return None if after is None or self._entry is None else after.prev == self._entry.hash


def _pretty(data: msgspec.Raw) -> list[Cell | str]:
    return list(msgspec.json.format(bytes(data), indent=2).decode().split("\n"))


def _checked(digest: str, matches: bool | None, what: str) -> list[Cell | str]:
    if matches is None:
        return [digest, Cell(f"cannot be compared with {what}", "warn")]
    return [digest, Cell(f"matches {what}", "good") if matches else Cell(f"DOES NOT match {what}", "bad")]

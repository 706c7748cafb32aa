"""One entry in full: what it says, whether its hash and its place in the chain are right, and its neighbours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec

from cli.ledger.entry_json import members
from cli.ledger.raw_lines import RawLine, raw_line, what_is_wrong
from cli.terminal.tables import Cell, Value
from cli.times.show import show_time
from cli.words.entry_lines import sentence
from eventstore.store import GENESIS, Entry


class EntryReport:
    """An entry, with what the ledger around it says about it.

    Attributes:
        wrong: what is wrong with it, or with what stands beside it; empty if all that is shown is sound.
    """

    def __init__(self, folder: Path, seq: int, line: RawLine, last: int) -> None:
        self._seq = seq
        self._line = line
        self._before = raw_line(folder, seq - 1) if seq > 0 else None
        self._after = raw_line(folder, seq + 1)
        self._entry = self._line.entry()
        self.wrong = self._what_is_wrong(last)

    @property
    def entry(self) -> Entry | None:
        """The entry; None if the line is none."""
        return self._entry

    @property
    def line(self) -> RawLine:
        """Its line, and where that stands."""
        return self._line

    def facts(self, zone: str) -> list[tuple[str, Value]]:
        """For people."""
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

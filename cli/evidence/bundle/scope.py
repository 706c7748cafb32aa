"""Which entries a bundle holds, and what the ledger says about keys and time stamps.

All lines are looked at once, and hardly any is decoded. `seq` orders entries, `time` does not, for a clock may be set
back: so a range of time means every entry from the first that is not before it to the last that is not after it, and
the entry on either side, which shows that it is whole.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final, NamedTuple

from eventstore.nesting import decode
from eventstore.proofs.leaves import LedgerLeaves
from eventstore.proofs.merkle_tree import LeafRange
from eventstore.store import Entry
from scheduler import vocabulary as v

_TIME: Final = b',"time":"'
_TYPE_AT: Final = len('2026-11-23T02:00:00.000512Z","type":"')
_ABOUT_EVIDENCE: Final = (b"key.", b"checkpoint.anchored", b"ledger.continued")
_ABOUT_CHECKPOINTS: Final = b"checkpoint."


class Asked(NamedTuple):
    """What was asked for: the time from `begin` to before `end`, of all jobs or of one."""

    begin: datetime
    end: datetime
    job: str | None = None


class Scope(NamedTuple):
    """What a bundle holds.

    Attributes:
        first: the first entry that is not before the range.
        last: the last entry that is not after it; less than `first` if there is none in it.
        told: the last entry of the ledger that is not about a checkpoint: those stand behind what they are about, so
            that no checkpoint would ever cover the last one.
        chosen: of a bundle of one job, the entries that are held, in order; else None.
        evidence: the entries about keys and time stamps, of the whole ledger.
    """

    first: int
    last: int
    told: int
    chosen: list[int] | None
    evidence: list[Entry]

    def held(self, sizes: Iterable[int], entries: int) -> list[LeafRange]:
        """The entries that are held.

        Args:
            sizes: of the checkpoints that are kept.
            entries: how many the ledger has.
        """
        if self.chosen is not None:
            return _stretches(self.chosen)
        # It begins where a checkpoint ends, or with entry 0: so both of its ends are signed.
        begin = max((size for size in sizes if size < self.first), default=0)
        # With the entry behind, which shows that it is whole, unless there is none but those about checkpoints.
        end = max(self.last, self.first - 1, begin) + (1 if self.last == self.told else 2)
        return [LeafRange(begin, min(end, entries))]


def _stretches(seqs: Iterable[int]) -> list[LeafRange]:
    """Entries in order, those that follow each other as one stretch."""
    found: list[LeafRange] = []
    for seq in seqs:
        if found and found[-1].end == seq:
            found[-1] = LeafRange(found[-1].first, seq + 1)
        else:
            found.append(LeafRange(seq, seq + 1))
    return found


def look_for(asked: Asked, leaves: LedgerLeaves, entries: int, told: Callable[[int], None]) -> Scope:
    """Look through a ledger for what was asked for.

    Args:
        asked: that.
        leaves: the lines of the ledger.
        entries: how many there are.
        told: called from time to time with how many have been looked at.

    Raises:
        Corrupt, OSError: see `LedgerLeaves.blocks`.
    """
    begin, end = (f"{time:%Y-%m-%dT%H:%M:%S.%fZ}".encode() for time in (asked.begin, asked.end))
    first, last, told_seq, seq = entries, -1, -1, 0
    evidence: list[Entry] = []
    job = None if asked.job is None else _OneJob(asked.job)
    for lines in leaves.blocks(LeafRange(0, entries)):
        for line in lines:
            at = line.find(_TIME, 0, 40) + len(_TIME)
            time = line[at : at + len(begin)]
            if time >= begin:
                first = min(first, seq)
            if time < end:
                last = seq
            if line.startswith(_ABOUT_EVIDENCE, at + _TYPE_AT):
                evidence.append(decode(line, Entry))
            if not line.startswith(_ABOUT_CHECKPOINTS, at + _TYPE_AT):
                told_seq = seq
            if job is not None:
                job.look_at(line, seq)
            seq += 1
        told(seq)
    last = min(last, told_seq)
    return Scope(first, last, told_seq, None if job is None else job.chosen(first, last), evidence)


class _OneJob:
    """The entries about one job, and those without which they cannot be read."""

    def __init__(self, name: str) -> None:
        self._name, self._mark = name, f',"job":{json.dumps(name)},'.encode()
        self._own: list[int] = []
        self._definitions: list[int] = []
        self._run_of: dict[int, int] = {}

    def look_at(self, line: bytes, seq: int) -> None:
        """Take a line in."""
        if self._mark not in line:
            return
        entry = decode(line, Entry)
        if entry.job != self._name:
            return
        self._own.append(seq)
        if entry.type in (v.JobDefined.TYPE, v.JobRemoved.TYPE):
            self._definitions.append(seq)
        if entry.run is not None:
            self._run_of[seq] = entry.run

    def chosen(self, first: int, last: int) -> list[int]:
        """Entry 0, the definition in force, the job's own from `first` to `last`, and all of the runs among these."""
        within = [seq for seq in self._own if first <= seq <= last]
        runs = {self._run_of[seq] for seq in within if seq in self._run_of}
        before = [seq for seq in self._definitions if seq < first][-1:]
        of_runs = [seq for seq in self._own if self._run_of.get(seq) in runs]
        return sorted({0, *before, *within, *of_runs})

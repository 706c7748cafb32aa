"""The checkpoints of a bundle: those that say something about what it holds, with keys and time stamps."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from eventstore.proofs.kept_checkpoints import Kept, read, sizes
from eventstore.proofs.merkle_tree import SubtreeHash
from eventstore.proofs.remembered import check_remembered
from eventstore.store import Entry
from scheduler import vocabulary as v

Stamps = Mapping[int, Sequence[bytes]]
"""Time stamps, by the size of the checkpoint that they are of."""


class Bundled(NamedTuple):
    """The checkpoints of a bundle.

    Attributes:
        kept: they themselves, the smallest first.
        stamps: their time stamps.
        keys: public keys of logs and witnesses.
    """

    kept: list[Kept]
    stamps: Stamps
    keys: list[str]

    @property
    def covered(self) -> int:
        """How many entries are covered, from entry 0 on."""
        return self.kept[-1].size if self.kept else 0

    def members(self) -> Iterator[tuple[str, bytes]]:
        """The members of the zip: their names and what they hold."""
        for each in self.kept:
            place, note = f"checkpoints/{each.size:020}", each.note
            yield f"{place}.note", note.raw
            stamps = self.stamps.get(each.size, ())
            if stamps:
                yield f"{place}.signed", note._replace(signatures=note.signatures[:1]).raw
            for number, stamp in enumerate(stamps, 1):
                yield f"{place}-{number}.tsr", stamp


def sizes_wanted(ledger: Path, begin: int | None, end: int, stamps: Stamps) -> list[int]:
    """The sizes of the kept checkpoints that belong into a bundle.

    Args:
        ledger: the folder of the ledger.
        begin: the first entry of a range that is held whole; None if only single entries are held.
        end: behind the last entry that is held.
        stamps: all that there are.
    """
    kept = sizes(ledger)
    covering = [size for size in kept if size >= end]
    wanted = covering[:1] or kept[-1:]
    if begin is not None:
        wanted += [size for size in kept if begin <= size < end]
    # The first one that somebody else vouches for may come later.
    wanted += [size for size in covering if size in stamps or _is_cosigned(ledger, size)][:1]
    return sorted({size for size in wanted if size})


def _is_cosigned(ledger: Path, size: int) -> bool:
    kept = read(ledger, size)
    return kept is not None and len(kept.note.signatures) > 1


def read_all(ledger: Path, wanted: Sequence[int], entries: int, subtree_hash: SubtreeHash) -> list[Kept]:
    """Checkpoints, each held against the ledger's tree.

    Raises:
        OtherTree: one is of another tree.
        DamagedCheckpoint, OSError: one cannot be read.
    """
    found = []
    for size in wanted:
        kept = read(ledger, size)
        if kept is None:
            continue
        check_remembered(kept.checkpoint.head, entries, subtree_hash)
        found.append(kept)
    return found


def keys_of_log(entries: Sequence[Entry]) -> list[str]:
    """The public keys that the ledger names as its own, the oldest first."""
    found = []
    for entry in entries:
        data = v.payload(entry)
        if isinstance(data, v.KeyCreated | v.KeyRotated | v.LedgerContinued) and data.vkey:
            found.append(data.vkey)
    return list(dict.fromkeys(found))

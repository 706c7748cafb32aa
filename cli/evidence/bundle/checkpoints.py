"""The checkpoints of a bundle: those that say something about what it holds, with keys and time stamps."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from hashlib import sha256
from itertools import islice
from pathlib import Path
from typing import Final, NamedTuple

from cli.evidence.bundle import verify
from eventstore.kept_sizes import sizes
from eventstore.proofs.base64_text import from_base64
from eventstore.proofs.kept_checkpoints import Kept, read
from eventstore.proofs.merkle_tree import SubtreeHash
from eventstore.proofs.notes.checkpoint import log_signed
from eventstore.proofs.remembered import check_remembered
from eventstore.store import Entry
from scheduler import vocabulary as v

_STAMPER: Final = "timestamp "
"""So begin the names of anchors that stamp."""

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
            place = f"checkpoints/{each.size:020}"
            yield f"{place}.note", each.note.raw
            stamped = log_signed(each.note, each.checkpoint).raw
            # A stamp of something else, such as of another ledger's checkpoint, shows nothing.
            stamps = [stamp for stamp in self.stamps.get(each.size, ()) if is_stamp_of(stamp, stamped)]
            if stamps:
                yield f"{place}.signed", stamped
            for number, stamp in enumerate(stamps, 1):
                yield f"{place}-{number}.tsr", stamp


def is_stamp_of(stamp: bytes, stamped: bytes) -> bool:
    """Whether a time stamp is of these bytes, as far as `verify.py` looks."""
    match = verify.STAMP.search(stamp)
    return match is not None and match[1] == sha256(stamped).digest()


def stamps_of(entries: Sequence[Entry]) -> Stamps:
    """The time stamps that the ledger has; nothing about them is checked."""
    found: dict[int, list[bytes]] = {}
    for entry in entries:
        data = v.payload(entry)
        if (
            not isinstance(data, v.CheckpointAnchored)
            or not data.receipt
            or not data.anchor.startswith(_STAMPER)
        ):
            continue
        with contextlib.suppress(ValueError):
            found.setdefault(data.size, []).append(from_base64(data.receipt))
    return found


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
    vouched = (size for size in covering if size in stamps or _is_cosigned(ledger, size))
    wanted += list(islice(vouched, 1))
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

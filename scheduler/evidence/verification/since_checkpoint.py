"""Going on from a signed checkpoint: the segments that it covers whole are not read again.

What stands for them is the root that was signed. The tiles of the tree give the hashes that lead to it, and are made
anew from the lines if they do not. So what is behind is joined to exactly the entries that were signed. Whether the
lines before are still what they were, only reading them tells.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple

from eventstore.archive.archived_segments import moved_segment
from eventstore.entry import tail_of
from eventstore.errors import Corrupt
from eventstore.kept_sizes import sizes
from eventstore.proofs.errors import DamagedTiles, InvalidNote, OtherTree
from eventstore.proofs.kept_checkpoints import DamagedCheckpoint, Kept, read
from eventstore.proofs.leaves import LedgerLeaves
from eventstore.proofs.ledger_tree import LedgerTree
from eventstore.proofs.merkle_tree import (
    LeafRange,
    TreeHead,
    WholeSubtree,
    is_beginning,
    leaf_hash,
    whole_subtrees,
)
from eventstore.proofs.notes.note import VerifierKey
from eventstore.proofs.notes.signing import verify_note
from eventstore.proofs.tiles.tiled_tree import TiledTree
from eventstore.segment import first_of, segment_of
from eventstore.verification_plan import NOTHING, Beginning


def newest_signed(ledger: Path, keys: Collection[VerifierKey], entries: int) -> Kept | None:
    """The largest kept checkpoint, of no more entries than there are, that one of the keys has signed.

    One that is damaged, or signed by nobody who is known, is passed over here: verification tells of it.

    Raises:
        OSError: the checkpoints cannot be read.
    """
    for size in reversed(sizes(ledger)):
        if size > entries:
            continue
        try:
            kept = read(ledger, size)
            if kept is not None:
                verify_note(kept.note, keys)
                return kept
        except (DamagedCheckpoint, InvalidNote):
            continue
    return None


def beginning_of(head: TreeHead, ledger: Path, tree: LedgerTree, segment_entries: int) -> Beginning:
    """The segments that a checkpoint covers whole: they need not be read again.

    Args:
        head: what was signed.
        ledger: the folder of the ledger.
        tree: its tree.
        segment_entries: how many entries a segment of it holds.

    Raises:
        OtherTree: the entries are not those that were signed.
        Corrupt: a line is not where it must be.
        LockHeld, OSError: see `LedgerTree.make`.
    """
    first = first_of(head.size, segment_entries)
    if first == 0:
        return NOTHING
    end = _end_of(ledger, segment_entries, first)

    def question(tiled: TiledTree) -> tuple[bytes, ...]:
        return _hashes(tiled, head, first, end)

    try:
        hashes = tree.ask(question)[1]
    except DamagedTiles:
        raise OtherTree(head.size, tree.make().head.size) from None
    return Beginning(first, end.last_hash, hashes)


class _End(NamedTuple):
    """The end of what is not read: the hash of the last entry, and a subtree that ends there with its hash."""

    last_hash: str
    whole: WholeSubtree
    root: bytes


def _end_of(ledger: Path, segment_entries: int, first: int) -> _End:
    """The end of the segment before entry `first`; of one that is archived, its seal and its marker tell."""
    before = first - segment_entries
    archived = moved_segment(ledger, before)
    if archived is not None:
        seal, marker = archived
        whole = WholeSubtree(seal.count.bit_length() - 1, before // seal.count)
        return _End(seal.last, whole, bytes.fromhex(marker.root))
    last = LedgerLeaves(ledger, segment_entries).leaf(first - 1)
    line = tail_of(last)
    if line is None:
        where = segment_of(ledger, first - 1, segment_entries)
        raise Corrupt(where, 0, first - 1, "an entry at the end of the segment", "a line that is none")
    return _End(line.hash, WholeSubtree(0, first - 1), leaf_hash(last))


def _hashes(tree: TiledTree, head: TreeHead, first: int, end: _End) -> tuple[bytes, ...]:
    """The subtrees of the first entries, out of tiles that lead to what was signed.

    Raises:
        DamagedTiles: they lead to something else.
    """
    signed = is_beginning(head, tree.size, tree.subtree_hash)
    if not signed or tree.subtree_hash(end.whole) != end.root:
        raise DamagedTiles("tile", f"the first {head.size:,} entries have another root than was signed")
    return tuple(tree.subtree_hash(each) for each in whole_subtrees(LeafRange(0, first)))

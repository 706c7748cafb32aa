"""That the segments of a volume are what a checkpoint is about: an inclusion proof for each of them, as one leaf.

A segment holds a power of two of entries and begins at a multiple of that, so it is a whole subtree. The tree over
`size` entries has the same form above such subtrees as a tree whose leaves they are: of those there are `size`
divided by the entries of a segment, rounded up. So the proof is that of RFC 6962, with the root over the segment in
place of a leaf's hash; it is the upper part of the proof for the segment's first entry.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from eventstore.archive.manifest import Manifest
from eventstore.proofs.errors import DamagedTiles, InvalidNote, InvalidProof
from eventstore.proofs.inclusion import included_root, prove_inclusion
from eventstore.proofs.kept_checkpoints import parse_kept
from eventstore.proofs.ledger_tree import LedgerTree
from eventstore.proofs.merkle_tree import TreeHead, WholeSubtree
from eventstore.proofs.tiles.tile_files import HEAD_NAME
from eventstore.proofs.tiles.tiled_tree import TiledTree


class CoveringCheckpoint(NamedTuple):
    """A signed note that covers a volume, the tree that it is about, and each segment's proof, by its first entry."""

    note: bytes
    head: TreeHead
    proofs: Mapping[int, Sequence[bytes]]


def segment_proofs(
    tree: LedgerTree, firsts: Sequence[int], segment_entries: int, head: TreeHead
) -> dict[int, list[bytes]]:
    """The proof that each segment is in the tree that was signed.

    Raises:
        DamagedTiles: the ledger's tree does not have this head.
        Corrupt, LockHeld, OSError: see `LedgerTree.make`.
    """
    height = segment_entries.bit_length() - 1

    def asked(tiled: TiledTree) -> dict[int, list[bytes]]:
        proofs = {}
        for first in firsts:
            proofs[first] = prove_inclusion(first, head.size, tiled.subtree_hash)[height:]
            root = tiled.subtree_hash(WholeSubtree(height, first >> height))
            if not leads_to(head, root, first >> height, segment_entries, proofs[first]):
                raise DamagedTiles(HEAD_NAME, f"the first {head.size:,} entries have another root")
        return proofs

    return tree.ask(asked)[1]


def leads_to(head: TreeHead, root: bytes, number: int, segment_entries: int, proof: Sequence[bytes]) -> bool:
    """Whether a proof leads from the root over the segment of this number to the root of a tree."""
    try:
        return included_root(root, number, -(-head.size // segment_entries), proof) == head.root
    except InvalidProof:
        return False


def contradiction(manifest: Manifest, note: bytes) -> str:
    """What the checkpoint of a volume does not show of it; empty if it is about all of its entries.

    Whether its signature is right takes a key, and is not asked.
    """
    try:
        checkpoint = parse_kept(note).checkpoint
    except InvalidNote as problem:
        return f"it is no checkpoint: {problem}"
    if (checkpoint.origin, checkpoint.head.size) != (manifest.origin, manifest.checkpoint_size):
        return "it is another one than the manifest says"
    if checkpoint.head.size <= manifest.last:
        return f"it covers {checkpoint.head.size:,} entries, and not all of the volume"
    for segment in manifest.segments:
        number = segment.first // manifest.segment_entries
        proof = [bytes.fromhex(each) for each in segment.proof]
        if not leads_to(
            checkpoint.head, bytes.fromhex(segment.root), number, manifest.segment_entries, proof
        ):
            return f"the segment from entry {segment.first} on is not what it is about"
    return ""

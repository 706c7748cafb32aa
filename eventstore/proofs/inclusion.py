"""Inclusion proofs: that a leaf stands at an index of a tree (RFC 6962, section 2.1.1)."""

from __future__ import annotations

from collections.abc import Sequence

from eventstore.proofs.errors import InvalidProof
from eventstore.proofs.merkle_tree import HASH_BYTES, LeafRange, SubtreeHash, node_hash, range_root, split


def inclusion_path(index: int, size: int) -> list[LeafRange]:
    """The subtrees whose hashes prove leaf `index` in the tree of `size` leaves: its sibling first.

    Raises:
        ValueError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise ValueError(f"a tree of {size} leaves has no leaf {index}")
    first, end = 0, size
    path = []
    while end - first > 1:
        middle = split(LeafRange(first, end))
        if index < middle:
            path.append(LeafRange(middle, end))
            end = middle
        else:
            path.append(LeafRange(first, middle))
            first = middle
    return path[::-1]


def prove_inclusion(index: int, size: int, subtree_hash: SubtreeHash) -> list[bytes]:
    """The proof that leaf `index` is in the tree of `size` leaves.

    Raises:
        ValueError: there is no such leaf.
    """
    return [range_root(leaves, subtree_hash) for leaves in inclusion_path(index, size)]


def included_root(leaf: bytes, index: int, size: int, proof: Sequence[bytes]) -> bytes:
    """The only root with which a proof is valid.

    Args:
        leaf: the hash of the leaf.
        index: where it should stand.
        size: how many leaves the tree has.
        proof: the hashes, that of the leaf's sibling first.

    Raises:
        InvalidProof: it proves this leaf in no tree of this size.
    """
    if not 0 <= index < size:
        raise InvalidProof(f"a tree of {size} leaves has no leaf {index}")
    if any(len(each) != HASH_BYTES for each in (leaf, *proof)):
        raise InvalidProof(f"a hash does not have {HASH_BYTES} bytes")
    # RFC 9162, section 2.1.3.2: the position of the subtree that is known, and that of the last one, a level higher
    # each time.
    here, last, known = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            raise InvalidProof("it has too many hashes")
        if here & 1 or here == last:
            known = node_hash(sibling, known)
            # The last subtree may stand alone on some levels.
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            known = node_hash(known, sibling)
        here, last = here >> 1, last >> 1
    if last != 0:
        raise InvalidProof("it has too few hashes")
    return known


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Check that a leaf (by its hash) stands at `index` of the tree of `size` leaves that has this root.

    Raises:
        InvalidProof: the proof does not show that.
    """
    if included_root(leaf, index, size, proof) != root:
        raise InvalidProof(f"it does not lead from leaf {index} to the root of the tree of {size} leaves")

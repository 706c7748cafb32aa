"""Consistency proofs: that a tree is the beginning of a larger one (RFC 6962, section 2.1.2)."""

from __future__ import annotations

from collections.abc import Sequence

from eventstore.proofs.errors import InvalidProof
from eventstore.proofs.merkle_tree import HASH_BYTES, LeafRange, SubtreeHash, node_hash, range_root, split


def consistency_path(old_size: int, size: int) -> list[LeafRange]:
    """The subtrees whose hashes prove that the tree of `old_size` leaves is the beginning of that of `size` leaves.

    Raises:
        ValueError: the old tree is empty, or larger.
    """
    if not 0 < old_size <= size:
        raise ValueError(f"nothing proves that {old_size} leaves are the beginning of {size}")
    first, end = 0, size
    path = []
    while end != old_size:
        middle = split(LeafRange(first, end))
        if old_size <= middle:
            path.append(LeafRange(middle, end))
            end = middle
        else:
            path.append(LeafRange(first, middle))
            first = middle
    # A subtree that is all of the old tree is left out: whoever verifies has its root.
    if first:
        path.append(LeafRange(first, end))
    return path[::-1]


def prove_consistency(old_size: int, size: int, subtree_hash: SubtreeHash) -> list[bytes]:
    """The proof that the tree of `old_size` leaves is the beginning of that of `size` leaves.

    Raises:
        ValueError: the old tree is empty, or larger.
    """
    return [range_root(leaves, subtree_hash) for leaves in consistency_path(old_size, size)]


def verify_consistency(
    old_size: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes
) -> None:
    """Check that the tree with one root is the beginning of the tree with another root.

    An empty old tree is refused: it is the beginning of every tree, so that a proof would show nothing.

    Args:
        old_size: how many leaves the old tree has.
        size: how many leaves the larger tree has.
        proof: the hashes, the lowest first.
        old_root: the root of the old tree.
        root: the root of the larger tree.

    Raises:
        InvalidProof: the proof does not show that.
    """
    if not 0 < old_size <= size:
        raise InvalidProof(f"nothing proves that {old_size} leaves are the beginning of {size}")
    if old_size == size:
        if proof:
            raise InvalidProof("it has too many hashes")
        if old_root != root:
            raise InvalidProof(f"the two trees of {size} leaves have different roots")
        return
    hashes = list(proof)
    if old_size & (old_size - 1) == 0:
        hashes.insert(0, old_root)
    if any(len(each) != HASH_BYTES for each in hashes):
        raise InvalidProof(f"a hash does not have {HASH_BYTES} bytes")
    found_old, found = _roots(old_size, size, hashes)
    if found_old != old_root:
        raise InvalidProof(f"it does not lead to the root of the tree of {old_size} leaves")
    if found != root:
        raise InvalidProof(f"it does not lead to the root of the tree of {size} leaves")


def _roots(old_size: int, size: int, hashes: Sequence[bytes]) -> tuple[bytes, bytes]:
    """The roots of both trees, out of a proof that begins with a subtree at the end of the old tree.

    RFC 9162, section 2.1.4.2: the positions of that subtree and of the last one of the larger tree, a level higher
    each time.
    """
    if not hashes:
        raise InvalidProof("it has too few hashes")
    here, last = old_size - 1, size - 1
    while here & 1:
        here, last = here >> 1, last >> 1
    old = new = hashes[0]
    for each in hashes[1:]:
        if last == 0:
            raise InvalidProof("it has too many hashes")
        if here & 1 or here == last:
            old, new = node_hash(each, old), node_hash(each, new)
            while not here & 1 and here:
                here, last = here >> 1, last >> 1
        else:
            new = node_hash(new, each)
        here, last = here >> 1, last >> 1
    if last != 0:
        raise InvalidProof("it has too few hashes")
    return old, new

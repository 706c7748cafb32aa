"""The Merkle tree of RFC 6962 (section 2.1) with SHA-256: its hashes, and the roots of ranges of its leaves.

A leaf is hashed with the prefix 0, a node with the prefix 1, so that no leaf can pass for a node. A tree of *n* > 1
leaves is a node: on its left the whole subtree of *k* leaves, where *k* is the largest power of two smaller than *n*,
on its right the tree of the rest. A subtree of 2**h leaves is whole: its hash never changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import reduce
from hashlib import sha256
from itertools import chain
from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from hashlib import _Hash

HASH_BYTES = 32

EMPTY_ROOT = sha256(b"").digest()
"""The root of the tree without leaves."""

_new_leaf = sha256(b"\0").copy
_new_node = sha256(b"\1").copy
_PAIR = Struct(f"{2 * HASH_BYTES}s")


class WholeSubtree(NamedTuple):
    """The 2**`height` leaves from `position` * 2**`height` on. At height 0 it is a leaf."""

    height: int
    position: int


SubtreeHash = Callable[[WholeSubtree], bytes]
"""Gives the hash of a whole subtree."""


class LeafRange(NamedTuple):
    """The leaves from `first` to before `end`."""

    first: int
    end: int


class TreeHead(NamedTuple):
    """How many leaves a tree has, and its root."""

    size: int
    root: bytes


def leaf_hash(leaf: bytes) -> bytes:
    """The hash of a leaf with these bytes."""
    return _hashed(_new_leaf, (leaf,))


def leaf_hashes(leaves: Iterable[bytes]) -> bytes:
    """The hashes of leaves, one behind the other."""
    return _hashed(_new_leaf, leaves)


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over the hashes of its two children."""
    return _hashed(_new_node, (left + right,))


def _hashed(new: Callable[[], _Hash], parts: Iterable[bytes]) -> bytes:
    """The hashes of some parts, one behind the other.

    `new` gives a hash that has taken in the prefix already: a copy costs less than to begin anew. All is one loop,
    because a call for each part would take a fifth of the time.
    """
    hashes = []
    for part in parts:
        begun = new()
        begun.update(part)
        hashes.append(begun.digest())
    return b"".join(hashes)


def joined_root(hashes: bytes) -> bytes:
    """The root over hashes of leaves, or of whole subtrees of one height, that stand one behind the other.

    Raises:
        ValueError: the bytes are not hashes.
    """
    if len(hashes) % HASH_BYTES:
        raise ValueError(f"{len(hashes)} bytes are not whole hashes")
    if not hashes:
        return EMPTY_ROOT
    while len(hashes) > HASH_BYTES:
        whole = len(hashes) - len(hashes) % _PAIR.size
        nodes = _hashed(_new_node, chain.from_iterable(_PAIR.iter_unpack(hashes[:whole])))
        # The last of an odd number stands alone, one level higher too.
        hashes = nodes + hashes[whole:]
    return hashes


def split(leaves: LeafRange) -> int:
    """Where the right child of a subtree of several leaves begins."""
    return leaves.first + (1 << ((leaves.end - leaves.first - 1).bit_length() - 1))


def whole_subtrees(leaves: LeafRange) -> list[WholeSubtree]:
    """The whole subtrees that a subtree consists of, from left to right: the largest first.

    Raises:
        ValueError: no tree has a subtree of exactly these leaves.
    """
    first, end = leaves
    found = []
    while first < end:
        height = (end - first).bit_length() - 1
        if first % (1 << height):
            raise ValueError(f"leaves {leaves.first} to {leaves.end - 1} are no subtree")
        found.append(WholeSubtree(height, first >> height))
        first += 1 << height
    return found


def range_root(leaves: LeafRange, subtree_hash: SubtreeHash) -> bytes:
    """The hash of a subtree, out of those of the whole subtrees in it; of no leaves it is `EMPTY_ROOT`.

    Raises:
        ValueError: no tree has a subtree of exactly these leaves.
    """
    return folded_root(subtree_hash(whole) for whole in whole_subtrees(leaves))


def tree_root(size: int, subtree_hash: SubtreeHash) -> bytes:
    """The root of the tree of the first `size` leaves."""
    return range_root(LeafRange(0, size), subtree_hash)


def is_beginning(head: TreeHead, size: int, subtree_hash: SubtreeHash) -> bool:
    """Whether the tree with this head is the beginning of the tree of `size` leaves."""
    return head.size <= size and tree_root(head.size, subtree_hash) == head.root


def folded_root(hashes: Iterable[bytes]) -> bytes:
    """The root over whole subtrees of ever smaller heights, by their hashes from left to right."""
    right_to_left = list(hashes)[::-1]
    if not right_to_left:
        return EMPTY_ROOT
    return reduce(lambda right, left: node_hash(left, right), right_to_left)

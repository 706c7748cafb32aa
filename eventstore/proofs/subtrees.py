"""A stretch of leaves as whole subtrees: what one process computes of a tree, so that another one can join it.

The leaves of a tree are hashed in stretches, each by itself. A stretch becomes the fewest whole subtrees that end at
all the sizes at which the root is wanted; a `Frontier` takes these in order, and has the root of each such size when
it comes by.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from eventstore.proofs.frontier import Frontier
from eventstore.proofs.merkle_tree import HASH_BYTES, joined_root

Roots = dict[int, bytes]
"""The roots of a tree, by its sizes."""


class Subtree(NamedTuple):
    """A whole subtree of 2**`height` leaves."""

    height: int
    hash: bytes


def subtrees_of(first: int, hashes: bytes, sizes: Collection[int] = ()) -> list[Subtree]:
    """The subtrees that consecutive leaves consist of, from left to right.

    Args:
        first: the first of the leaves.
        hashes: the hashes of the leaves, one behind the other.
        sizes: sizes of trees; a subtree ends at each that ends within these leaves.
    """
    end = first + len(hashes) // HASH_BYTES
    found = []
    at = first
    for stop in sorted({size for size in sizes if first < size < end} | {end}):
        while at < stop:
            # As high as its position allows (leaf 0 allows any height), and as what is left allows.
            height = (stop - at).bit_length() - 1
            if at:
                height = min(height, (at & -at).bit_length() - 1)
            after = at + (1 << height)
            leaves = hashes[(at - first) * HASH_BYTES : (after - first) * HASH_BYTES]
            found.append(Subtree(height, joined_root(leaves)))
            at = after
    return found


def grow(frontier: Frontier, subtrees: Iterable[Subtree], sizes: Collection[int]) -> Roots:
    """Put subtrees into a tree; the roots that it has on the way at the sizes that are wanted."""
    roots: Roots = {}
    for subtree in subtrees:
        frontier.add(subtree.hash, subtree.height)
        if frontier.size in sizes:
            roots[frontier.size] = frontier.root()
    return roots

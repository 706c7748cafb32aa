"""`tree.txt`: the hashes of the subtrees that stand for the entries that a bundle leaves out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from eventstore.proofs.merkle_tree import LeafRange, SubtreeHash, WholeSubtree


def gaps(held: Iterable[LeafRange], sizes: Iterable[int]) -> Iterator[LeafRange]:
    """The stretches of leaves between those that are held, up to the largest size; one ends at each size.

    Args:
        held: the leaves that are held, in order.
        sizes: of the trees whose roots are wanted.
    """
    ends = sorted(sizes)
    at = 0
    for each in (*held, LeafRange(ends[-1], ends[-1])) if ends else held:
        while at < each.first:
            end = min([size for size in ends if size > at] + [each.first])
            yield LeafRange(at, min(end, each.first))
            at = min(end, each.first)
        at = max(at, each.end)


def subtrees(leaves: LeafRange) -> Iterator[WholeSubtree]:
    """The fewest whole subtrees that a stretch of leaves consists of, from left to right."""
    at = leaves.first
    while at < leaves.end:
        height = (leaves.end - at).bit_length() - 1
        # As high as its position allows; leaf 0 allows any height.
        height = min(height, (at & -at).bit_length() - 1) if at else height
        yield WholeSubtree(height, at >> height)
        at += 1 << height


def tree_lines(held: Iterable[LeafRange], sizes: Iterable[int], subtree_hash: SubtreeHash) -> Iterator[bytes]:
    """The lines of `tree.txt`.

    Args:
        held: the leaves that are held, in order.
        sizes: of the trees whose roots are wanted.
        subtree_hash: of the ledger's tree.
    """
    for gap in gaps(held, sizes):
        for whole in subtrees(gap):
            first = whole.position << whole.height
            yield f"{first} {whole.height} {subtree_hash(whole).hex()}\n".encode()

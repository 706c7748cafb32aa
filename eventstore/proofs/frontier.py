"""The root of a tree that grows by a leaf or a whole subtree at a time, out of a few hashes (a "compact range")."""

from __future__ import annotations

from collections.abc import Sequence

from eventstore.proofs.merkle_tree import HASH_BYTES, folded_root, node_hash


class Frontier:
    """The whole subtrees that a tree consists of, each as large as can be: one for each bit of its size that is set.

    Attributes:
        size: how many leaves the tree has.
    """

    def __init__(self, size: int = 0, hashes: Sequence[bytes] = ()) -> None:
        """Begin with the empty tree, or with one that was kept.

        Args:
            size: how many leaves it has.
            hashes: its `hashes`.

        Raises:
            ValueError: no tree of this size has such hashes.
        """
        if size < 0 or len(hashes) != size.bit_count() or any(len(each) != HASH_BYTES for each in hashes):
            raise ValueError(f"these are not the hashes of a tree of {size} leaves")
        self.size = size
        self._hashes = list(hashes)

    @property
    def hashes(self) -> tuple[bytes, ...]:
        """The hashes of the subtrees, from left to right, the largest first."""
        return tuple(self._hashes)

    def add(self, subtree_hash: bytes, height: int = 0) -> None:
        """Add the next leaf, or the next whole subtree of 2**`height` leaves, by its hash.

        Raises:
            ValueError: no whole subtree of this height can begin here.
        """
        if self.size % (1 << height):
            raise ValueError(f"no subtree of {1 << height} leaves begins at leaf {self.size}")
        self.size += 1 << height
        # What ended here with an odd number of subtrees is joined to the one before, on each height.
        joined = height
        while not self.size >> joined & 1:
            subtree_hash = node_hash(self._hashes.pop(), subtree_hash)
            joined += 1
        self._hashes.append(subtree_hash)

    def root(self) -> bytes:
        """The root of the tree as it is now."""
        return folded_root(self._hashes)

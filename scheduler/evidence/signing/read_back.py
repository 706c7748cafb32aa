"""What came since the last checkpoint, read back from disk: the chain is checked, and the tree grows by it."""

from __future__ import annotations

import os
from collections.abc import Iterable

from eventstore.entry import BadLine, check_lines, tail_of
from eventstore.errors import Corrupt
from eventstore.proofs.frontier import Frontier
from eventstore.proofs.leaves import LedgerLeaves
from eventstore.proofs.merkle_tree import HASH_BYTES, LeafRange, leaf_hashes
from eventstore.reader import segment_descriptor
from eventstore.segment import find_line, first_of, segment_name
from scheduler.evidence.signing.errors import NotAnExtension
from scheduler.evidence.signing.signer_state import SignedTree


class GrownTree:
    """A tree that was signed, grown by the entries that came since.

    Attributes:
        tree: as it is now.
        roots: the roots that it had on the way, by the sizes that were asked for.
    """

    def __init__(self, tree: SignedTree) -> None:
        self.tree = tree
        self.roots: dict[int, bytes] = {}
        self._frontier = Frontier(tree.size, tree.subtrees)
        self._note_root(tree.size)

    def grow(self, leaves: LedgerLeaves, end: int, sizes: Iterable[int] = ()) -> None:
        """Read the entries up to before `end`, which are in the ledger, and add them.

        Args:
            leaves: the lines of the ledger.
            end: how many entries the tree is to have.
            sizes: those at which its root is wanted.

        Raises:
            NotAnExtension: the entries do not follow those that were signed.
            Corrupt: a line is not the entry that it must be.
            OSError: a segment cannot be read.
        """
        wanted = sorted({size for size in sizes if self.tree.size < size < end})
        self._check_last(leaves)
        for stop in (*wanted, end):
            for lines in leaves.blocks(LeafRange(self.tree.size, stop)):
                self._add(leaves, lines)
            self._note_root(stop)

    def _check_last(self, leaves: LedgerLeaves) -> None:
        """The last entry that was signed must be the same one; since it names the one before, so are all."""
        size = self.tree.size
        if not size:
            return
        line = tail_of(leaves.leaf(size - 1))
        if line is None or line.hash != self.tree.last_hash:
            raise NotAnExtension("the signer", size, size)

    def _add(self, leaves: LedgerLeaves, lines: list[bytes]) -> None:
        tree = self.tree
        try:
            checked = check_lines(b"\n".join([*lines, b""]), tree.size, tree.last_hash)
        except BadLine as bad:
            raise _damage(leaves, bad) from None
        hashes = leaf_hashes(lines)
        for begin in range(0, len(hashes), HASH_BYTES):
            self._frontier.add(hashes[begin : begin + HASH_BYTES])
        self.tree = SignedTree(tree.origin, self._frontier.size, self._frontier.hashes, checked[-1].hash)

    def _note_root(self, size: int) -> None:
        if size:
            self.roots[size] = self._frontier.root()


def _damage(leaves: LedgerLeaves, bad: BadLine) -> Corrupt:
    """A bad line as damage, with the place where it stands; 0 if it does not even say its position."""
    first = first_of(bad.seq, leaves.segment_entries)
    path = leaves.folder / segment_name(first)
    with segment_descriptor(path, bad.seq) as fd:
        offset = find_line(fd, first, os.fstat(fd).st_size, bad.seq)
    return Corrupt(path, offset or 0, bad.seq, bad.expected, bad.found)

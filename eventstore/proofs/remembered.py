"""A ledger against what was remembered of it elsewhere.

A chain does not show that its tail was cut off, or that all of it was replaced by an older copy. A checkpoint that is
kept elsewhere does: the ledger must be as long as it says, and its beginning must have that root.
"""

from __future__ import annotations

from eventstore.proofs.errors import OtherTree
from eventstore.proofs.merkle_tree import SubtreeHash, TreeHead, is_beginning


def check_remembered(head: TreeHead, entries: int, subtree_hash: SubtreeHash) -> None:
    """Check that a ledger goes on from a checkpoint that was remembered.

    Args:
        head: what the checkpoint says.
        entries: how many entries the ledger has.
        subtree_hash: gives hashes of the ledger's tree.

    Raises:
        OtherTree: the ledger is shorter, or its beginning is another one.
    """
    if not is_beginning(head, entries, subtree_hash):
        raise OtherTree(head.size, entries)

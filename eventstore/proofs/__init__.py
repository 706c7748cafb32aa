"""What can be shown to somebody who does not have the ledger: the Merkle tree over its lines, and proofs from it.

The tree is that of RFC 6962 with SHA-256. Leaf `seq` is the line of entry `seq`, its bytes without the LF, so the
tree of size *n* is over the entries 0 to *n* - 1. It is computed from the chain's lines, independently of it:

    =================  ================================================================================
    `merkle_tree`      hashes of leaves and nodes, roots of ranges
    `frontier`         the root of a tree that grows, in memory that does not
    `inclusion`        proofs that a leaf is in a tree
    `consistency`      proofs that a tree is the beginning of a larger one
    =================  ================================================================================

None of these reads a file.
"""

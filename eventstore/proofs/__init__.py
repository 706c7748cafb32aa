"""What can be shown to somebody who does not have the ledger: the Merkle tree over its lines, and proofs from it.

The tree is that of RFC 6962 with SHA-256. Leaf `seq` is the line of entry `seq`, its bytes without the LF, so the
tree of size *n* is over the entries 0 to *n* - 1. It is computed from the chain's lines, independently of it:

    =================  ================================================================================
    `merkle_tree`      hashes of leaves and nodes, roots of ranges
    `frontier`         the root of a tree that grows, in memory that does not
    `subtrees`         stretches of leaves, hashed by themselves and joined to a tree
    `inclusion`        proofs that a leaf is in a tree
    `consistency`      proofs that a tree is the beginning of a larger one
    `tiles/`           the layout of C2SP tlog-tiles: how tiles are made, kept and read; bundles of leaves
    `notes/`           signed notes, and checkpoints: the head of a tree as the text of one
    `files/`           proofs with the checkpoints that they lead to, as files: of inclusion, of consistency
    `remembered`       a ledger against a checkpoint that was kept elsewhere
    `witnessing/`      how a witness is asked to cosign a checkpoint, and by which rules it does
    `kept_checkpoints` the signed checkpoints of a ledger, in its folder
    =================  ================================================================================

Few of them reach out: `leaves` reads the lines, `tiles/tile_files` keeps the tiles, `ledger_tree` brings the tiles of
a ledger up to its last entry, `kept_checkpoints` keeps what was signed, and `notes/signing` signs and verifies.
"""

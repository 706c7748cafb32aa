"""What was signed and remembered of a ledger, held against its entries: keys, checkpoints, anchors."""

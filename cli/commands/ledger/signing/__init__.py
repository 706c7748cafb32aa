"""Commands about the ledger's key and its signed checkpoints."""

"""What a reader tells of a config beside what the ledger has of it, kept so that it need not be read for that."""

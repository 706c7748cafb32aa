"""The key that signs a ledger: where it is, how it signs, and who else could use it."""

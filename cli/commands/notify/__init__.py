"""Commands of `cronledger notify`."""

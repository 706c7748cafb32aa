"""Several machines on one ledger: what a node is, how it lives, and what of the config is in force on it."""

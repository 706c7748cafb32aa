"""Making the projection files from the ledger."""

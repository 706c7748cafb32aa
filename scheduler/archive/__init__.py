"""Archives: which sealed segments leave the ledger's folder, in which order that is recorded and done."""

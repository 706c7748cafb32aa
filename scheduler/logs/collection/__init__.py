"""How log entries come in: from what runs print and from the ledger."""

"""What makes a ledger provable to others."""

"""What makes a ledger's past provable to others: keys, signed checkpoints, and who else remembers them."""

"""What `ledger verify` asks and tells, beside the command itself."""

"""Commands about the machines that share a ledger."""

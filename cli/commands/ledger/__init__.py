"""The commands of the group `ledger`."""

"""The commands of `cronledger witness`."""

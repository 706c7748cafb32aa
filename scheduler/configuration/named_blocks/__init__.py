"""The blocks of things that have names: the channels by which people are told, the nodes that share a ledger."""

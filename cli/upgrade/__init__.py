"""What this version of cronledger makes of a home that another one wrote."""

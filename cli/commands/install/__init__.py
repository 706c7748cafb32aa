"""`cronledger install`."""

"""`cronledger console`, and who may use it."""

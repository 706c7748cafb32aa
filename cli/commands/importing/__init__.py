"""`cronledger import`: moving in from other schedulers."""

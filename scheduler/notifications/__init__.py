"""Telling people what became of their jobs: what is told to whom, and a follower of the ledger that delivers it."""

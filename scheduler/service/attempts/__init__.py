"""Attempts that go: what is kept of each, what bounds it, how it is ended and what its end says."""

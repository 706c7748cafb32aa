"""Remarks on a config that need more than one value of it, or a look at this machine."""

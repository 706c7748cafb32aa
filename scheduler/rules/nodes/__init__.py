"""Nodes: the machines that share a ledger. Who leads, where a run goes, and what becomes of who is gone."""

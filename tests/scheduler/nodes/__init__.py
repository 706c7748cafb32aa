"""Tests of several machines on one ledger."""

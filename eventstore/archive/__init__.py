"""Sealed segments outside the ledger's folder: compressed, and read back through their seals."""

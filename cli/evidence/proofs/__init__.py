"""Proofs in files, as `ledger check-proof` checks and tells them: of one entry, and of one checkpoint's beginning."""

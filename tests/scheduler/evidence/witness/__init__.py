"""The witness of other ledgers."""

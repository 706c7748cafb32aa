"""Proofs as they are written down: lines of ASCII, an empty line, and the checkpoint that they lead to."""

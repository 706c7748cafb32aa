"""The errors of proofs, as types; the wording for people is in `cli`."""

from __future__ import annotations


class InvalidProof(Exception):
    """A proof that does not show what it should show; the message says why, in words."""

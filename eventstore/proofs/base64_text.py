"""Base64 as proofs have it: RFC 4648, section 4, and one spelling for each sequence of bytes."""

from __future__ import annotations

import binascii
from base64 import b64decode, b64encode


def in_base64(raw: bytes) -> str:
    """The bytes in base64."""
    return b64encode(raw).decode("ascii")


def from_base64(text: str) -> bytes:
    """The bytes that a text means.

    Raises:
        ValueError: it is no base64, or not as these bytes are written: with blanks, or bits that mean nothing.
    """
    try:
        raw = b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise ValueError("it is no base64") from None
    if in_base64(raw) != text:
        raise ValueError("it is no base64 as it must be written")
    return raw

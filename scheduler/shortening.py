"""Texts of any length made to fit where length is bounded: an entry of the ledger is one line of so many bytes."""

from __future__ import annotations

_GAP = " … "


def shortened(text: str, max_chars: int) -> str:
    """The text; one that is too long loses its middle: its beginning and its end tell most.

    >>> shortened("abcdefghij", 7)
    'ab … ij'
    """
    if len(text) <= max_chars:
        return text
    half = (max_chars - len(_GAP)) // 2
    return f"{text[:half]}{_GAP}{text[-half:]}"

"""Sizes as they are written in the config."""

from __future__ import annotations

from typing import Final

UNITS: Final = {
    "TB": 10**12, "TiB": 2**40, "GB": 10**9, "GiB": 2**30, "MB": 10**6, "MiB": 2**20, "kB": 10**3, "KiB": 2**10,
}  # fmt: skip
"""How many bytes each unit is."""


def size_words(size_bytes: int) -> str:
    """A size as it is written in the config, exactly: `2GB`, `1536MiB`, `12345B`.

    >>> size_words(2_000_000_000), size_words(3 * 2**29)
    ('2GB', '1536MiB')
    """
    for unit, factor in UNITS.items():
        if size_bytes and size_bytes % factor == 0:
            return f"{size_bytes // factor}{unit}"
    return f"{size_bytes}B"

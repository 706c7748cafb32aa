"""Counts, lengths of time and sizes as people read them, and sizes as they are written in the config."""

from __future__ import annotations

from typing import Final

UNITS: Final = {
    "TB": 10**12, "TiB": 2**40, "GB": 10**9, "GiB": 2**30, "MB": 10**6, "MiB": 2**20, "kB": 10**3, "KiB": 2**10,
}  # fmt: skip
"""How many bytes each unit is."""


def show_count(count: int, noun: str, plural: str = "") -> str:
    """`1 job`, `12,000 jobs`."""
    return f"{count:,} {noun if count == 1 else plural or noun + 's'}"


def show_duration(duration_ms: int) -> str:
    """A length of time: `3 ms`, `1.2 s`, `3 min 4 s`, `2 h 5 min`, `3 d 4 h`.

    >>> show_duration(184_000)
    '3 min 4 s'
    """
    if duration_ms < 0:
        return f"-{show_duration(-duration_ms)}"
    if duration_ms < 1_000:
        return f"{duration_ms} ms"
    if duration_ms < 60_000:
        return f"{duration_ms // 100 / 10:g} s"
    seconds = duration_ms // 1_000
    for size, unit, below, smaller in (
        (86_400, "d", 3_600, "h"),
        (3_600, "h", 60, "min"),
        (60, "min", 1, "s"),
    ):
        if seconds >= size:
            rest = seconds % size // below
            return f"{seconds // size} {unit}" + (f" {rest} {smaller}" if rest else "")
    raise AssertionError("a minute or more")


def show_size(size_bytes: int) -> str:
    """A size: `512 B`, `1.2 kB`, `3.4 MB` (of 1,000 bytes each).

    >>> show_size(1_234_567)
    '1.2 MB'
    """
    if size_bytes < 1_000:
        return f"{size_bytes} B"
    size, units = size_bytes / 1_000, ["TB", "GB", "MB", "kB"]
    while size >= 999.95 and len(units) > 1:
        size /= 1_000
        units.pop()
    return f"{size:.1f} {units[-1]}"


def size_words(size_bytes: int) -> str:
    """A size as it is written in the config, exactly: `2GB`, `1536MiB`, `12345B`.

    >>> size_words(2_000_000_000), size_words(3 * 2**29)
    ('2GB', '1536MiB')
    """
    for unit, factor in UNITS.items():
        if size_bytes and size_bytes % factor == 0:
            return f"{size_bytes // factor}{unit}"
    return f"{size_bytes}B"

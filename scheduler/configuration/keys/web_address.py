"""Addresses of HTTP."""

from __future__ import annotations

from urllib.parse import urlsplit


def is_web_address(written: str) -> bool:
    """Whether it is the whole address of something that is asked by HTTP, as it goes over the wire."""
    try:
        parts = urlsplit(written)
        is_good = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
    plain = written.isascii() and written.isprintable() and " " not in written
    return is_good and plain and not parts.fragment

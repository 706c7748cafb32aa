"""Keeping the pages of strangers from doing something here in the name of who looks at them.

A browser says where a request comes from, in `Sec-Fetch-Site` or at least in `Origin`; what changes something must
come from here. Programs that are no browsers send neither, and carry no session.
(The rule is that of Go's `http.CrossOriginProtection`.)
"""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.datastructures import Headers

_SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})


def comes_from_elsewhere(method: str, headers: Headers) -> bool:
    """Whether a request that changes something comes from a page of somebody else."""
    if method in _SAFE:
        return False
    site = headers.get("sec-fetch-site")
    if site is not None:
        return site not in ("same-origin", "none")
    origin = headers.get("origin")
    if origin is None:
        return False
    try:
        return urlsplit(origin).netloc.lower() != headers.get("host", "").lower() or origin == "null"
    except ValueError:  # it is no address at all
        return True

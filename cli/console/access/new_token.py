"""Making a token: what its holder gets, and the digest that is kept of it."""

from __future__ import annotations

import hashlib
import secrets
from typing import Final

PREFIX: Final = "cronledger_"
"""By it people and scanners of leaked secrets know what this is."""
_RANDOM_BYTES: Final = 32
_CHARS_MAX: Final = 200


def new_token() -> str:
    """A token that nobody can guess."""
    return PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def token_digest(token: str) -> str | None:
    """What is kept of a token; None if this is none. It is as long as a key, so that a plain digest hides it."""
    if not token.startswith(PREFIX) or len(token) > _CHARS_MAX:
        return None
    return hashlib.sha256(token.encode("utf-8", "surrogateescape")).hexdigest()

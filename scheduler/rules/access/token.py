"""Tokens of the console, in the state: who has one, and what it is good for."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Final

import msgspec

from scheduler.entry_members import TokenRole

TOKENS_MAX: Final = 1_000
"""So many may be good at once."""
_NAME: Final = r"[A-Za-z0-9][A-Za-z0-9_.@-]{0,63}"


class Token(msgspec.Struct, gc=False, omit_defaults=True):
    """A token that was created and not revoked.

    Attributes:
        name: by which people know it; scopes: what it is good for.
        sha256: the digest of what its holder has.
        seq, time, actor: of the entry that created it.
        expires: until when it is good; None: until it is revoked.
    """

    name: str
    scopes: list[TokenRole]
    sha256: str
    seq: int
    time: datetime
    actor: str
    expires: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Whether it has not expired."""
        return self.expires is None or now < self.expires


def is_token_name(text: str) -> bool:
    """Whether a token may be called so: letters, digits, `_`, `.`, `@` and `-`, at most 64."""
    return re.fullmatch(_NAME, text) is not None

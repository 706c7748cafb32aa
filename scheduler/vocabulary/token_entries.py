"""The types of entries about tokens, by which people and programs use the console."""

from datetime import datetime
from typing import ClassVar

from scheduler.entry_members import Claims, TokenRole
from scheduler.vocabulary.payload import Payload


class TokenCreated(Payload, frozen=True):
    """Whoever has the token `name` may do what its `scopes` say: `view`, `operate`, `approve`, `admin`.

    `sha256` is the digest of the token, which itself is shown once and kept nowhere. It is good until `expires`.
    """

    TYPE: ClassVar[str] = "token.created"
    name: str
    scopes: list[TokenRole]
    sha256: str
    expires: datetime | None = None
    claims: Claims | None = None


class TokenRevoked(Payload, frozen=True):
    """The token `name` is good no more, from this entry on."""

    TYPE: ClassVar[str] = "token.revoked"
    name: str
    reason: str = ""
    claims: Claims | None = None

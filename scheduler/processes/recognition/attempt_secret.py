"""The secret of an attempt: what its processes carry in their environment and nobody else can know.

Only its digest is on record (`run.started`). Who reads the ledger can tell a process of the attempt from one that
merely says so, and cannot make one up.
"""

from __future__ import annotations

import hashlib
import os
from typing import Final

VARIABLE: Final = "CRONLEDGER_SECRET"
_KEY_BYTES: Final = 32
_SECRET_BYTES: Final = 16


def digest_of(secret: str) -> str:
    """What is on record of a secret: 64 hex digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


class AttemptSecrets:
    """The secrets of the attempts that this process starts, drawn from one random key that never leaves it."""

    def __init__(self) -> None:
        self._key = os.urandom(_KEY_BYTES)

    def secret(self, run: int, attempt: int) -> str:
        """The secret of an attempt, always the same: 32 hex digits."""
        told = f"{run} {attempt}".encode()
        return hashlib.blake2b(told, key=self._key, digest_size=_SECRET_BYTES).hexdigest()

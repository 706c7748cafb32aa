"""The secret of an attempt: what its processes carry in their environment and nobody else can know.

Only its digest is on record (`run.started`). Who reads the ledger can tell a process of the attempt from one that
merely says so, and cannot make one up.
"""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from typing import Final, NamedTuple

VARIABLE: Final = "CRONLEDGER_SECRET"
_KEY_BYTES: Final = 32
_SECRET_BYTES: Final = 16
_ASKED_AGAIN_MAX: Final = 256


def digest_of(secret: str) -> str:
    """What is on record of a secret: 64 hex digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


class Secret(NamedTuple):
    """The secret of one attempt, 32 hex digits, and its digest, which is on record."""

    text: str
    sha256: str


class AttemptProof(NamedTuple):
    """By what processes are known as those of an attempt.

    Attributes:
        secret_sha256: digest of its secret; None: none is on record.
        uid: of the user as whom it runs, where the definition names one.
    """

    secret_sha256: str | None = None
    uid: int | None = None


UNKNOWN: Final = AttemptProof()
"""Of an attempt of which nothing is known."""


class AttemptSecrets:
    """The secrets of the attempts that this process starts, drawn from one random key that never leaves it."""

    def __init__(self) -> None:
        self._key = os.urandom(_KEY_BYTES)
        # The decision to start an attempt, its start and its watch ask one after another.
        self.secret = lru_cache(_ASKED_AGAIN_MAX)(self._secret)

    def _secret(self, run: int, attempt: int) -> Secret:
        """The secret of an attempt, always the same."""
        told = f"{run} {attempt}".encode()
        text = hashlib.blake2b(told, key=self._key, digest_size=_SECRET_BYTES).hexdigest()
        return Secret(text, digest_of(text))

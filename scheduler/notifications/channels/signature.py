"""Signatures of Standard Webhooks 1.0.0, symmetric (`v1`): https://www.standardwebhooks.com/."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
from typing import Final

_PREFIX: Final = "whsec_"
_BYTES_MIN, _BYTES_MAX = 24, 64


class InvalidSecret(ValueError):
    """It is none of the specification's; the message says what one looks like, and nothing of it."""


def signing_keys(secrets: str) -> list[bytes]:
    """The keys in a text with one secret, or with several between which there is white space.

    Raises:
        InvalidSecret: one of them is none, or there is none.
    """
    keys = [_key(word) for word in secrets.split()]
    if not keys:
        raise InvalidSecret("its secret is empty")
    return keys


def headers(keys: list[bytes], message_id: str, timestamp_s: int, body: bytes) -> dict[str, str]:
    """The headers of a message; it is signed with each key, so that a receiver can change from one to the next.

    Args:
        keys: may be none: then nothing is signed.
        message_id: the same whenever the same message is sent.
        timestamp_s: when it is sent, in seconds since 1970.
        body: the bytes that are sent.
    """
    signed = f"{message_id}.{timestamp_s}.".encode() + body
    found = {"webhook-id": message_id, "webhook-timestamp": str(timestamp_s)}
    if keys:
        found["webhook-signature"] = " ".join(_signature(key, signed) for key in keys)
    return found


def _signature(key: bytes, signed: bytes) -> str:
    return f"v1,{base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()}"


def _key(word: str) -> bytes:
    try:
        key = base64.b64decode(word.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise InvalidSecret(f"its secret is no secret of Standard Webhooks: {_PREFIX} and base64") from None
    if not _BYTES_MIN <= len(key) <= _BYTES_MAX:
        raise InvalidSecret(f"its secret has {len(key)} bytes: {_BYTES_MIN} to {_BYTES_MAX} are wanted")
    return key

"""PostgreSQL's binary forms of the few types that are used: the same whatever a database's encoding or time zone."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

BYTEA, INT8, TEXT, BYTEA_ARRAY = 17, 20, 25, 1001
"""The numbers of the types, as the protocol has them."""

_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
_int8 = struct.Struct("!q")
_length = struct.Struct("!i")
_array_head = struct.Struct("!iiIii")


def int8(number: int) -> bytes:
    """A bigint."""
    return _int8.pack(number)


def read_int8(value: bytes) -> int:
    """A bigint."""
    number: int = _int8.unpack(value)[0]
    return number


def read_time(value: bytes) -> datetime:
    """A timestamptz: microseconds since 2000, in UTC."""
    return _EPOCH + timedelta(microseconds=read_int8(value))


def text(value: str) -> bytes:
    """A text of ASCII alone, so that no encoding of a database matters: all else is escaped, as in Python."""
    return value.encode("unicode_escape")


def read_text(value: bytes) -> str:
    """What `text` made."""
    return value.decode("unicode_escape")


def bytea_array(values: Sequence[bytes]) -> bytes:
    """A bytea[] of one dimension."""
    parts = [_array_head.pack(1, 0, BYTEA, len(values), 1)]
    pack = _length.pack
    for value in values:
        parts.append(pack(len(value)))
        parts.append(value)
    return b"".join(parts)

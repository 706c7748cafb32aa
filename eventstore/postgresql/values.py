"""The forms of the few values that are used: the same whatever a database's encoding or time zone."""

from __future__ import annotations

import re
import struct
from contextlib import suppress
from datetime import UTC, datetime, timedelta

BYTEA, INT8, TEXT = 17, 20, 25
"""The numbers of the types, as the protocol has them."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_int8 = struct.Struct("!q")
_NOT_LITERAL = re.compile(rb"[^\x01-\x7f]")
_ESCAPED = re.compile(rb"(?:[ -\[\]-~]|\\(?:[\\tnr]|x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}))*")
_SURROGATE = re.compile("[\ud800-\udfff]")


def present(value: bytes | None) -> bytes:
    """A value of a column that is never null."""
    assert value is not None, "the column is not null"
    return value


def binary(value: int | str | bytes) -> bytes:
    """A value in PostgreSQL's binary form."""
    if isinstance(value, int):
        return _int8.pack(value)
    return escaped(value) if isinstance(value, str) else value


def read_binary_int8(value: bytes) -> int:
    """A bigint in binary form."""
    number: int = _int8.unpack(value)[0]
    return number


def literal(value: int | str | bytes) -> bytes:
    """A value as SQL has it, where `standard_conforming_strings` is on; bytes are ASCII."""
    if isinstance(value, int):
        return b"%d" % value
    text = escaped(value) if isinstance(value, str) else value
    if _NOT_LITERAL.search(text):
        raise ValueError("a line of a ledger is ASCII")
    return b"'%b'" % text.replace(b"'", b"''")


def hexadecimal(value: bytes) -> str:
    """Any bytes, as what PostgreSQL decodes as `hex`."""
    return value.hex()


def escaped(text: str) -> bytes:
    """A text as ASCII, so that no encoding of a database matters: all else is escaped, as in Python."""
    return text.encode("unicode_escape")


def unescaped(value: bytes) -> str:
    """What `escaped` made; what it cannot have made, because somebody else wrote it, as it is, in ASCII."""
    if _ESCAPED.fullmatch(value):
        with suppress(UnicodeDecodeError):  # a number behind the last character
            text = value.decode("unicode_escape")
            if not _SURROGATE.search(text):
                return text
    return value.decode("ascii", "backslashreplace")


def time_of(microseconds: bytes) -> datetime:
    """A time that was given as microseconds since 1970, in text."""
    return _EPOCH + timedelta(microseconds=int(microseconds))
